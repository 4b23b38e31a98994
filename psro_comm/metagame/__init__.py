"""Empirical games: payoffs, intervals, solvers and formats; needs no torch."""
