"""Empirical games: payoffs, intervals, solvers and formats, all without torch."""
