"""Payoff tables in files: JSON, CSV, Gambit's .nfg, gameanalysis' JSON."""
