"""The meta-level: payoffs, equilibria, runs and reports."""
