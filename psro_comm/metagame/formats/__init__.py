"""Formats of payoff tables: JSON, CSV, Gambit's .nfg and gameanalysis' JSON."""
