"""Filters: one file each, registered in `oracles.strategies.registry`."""
