"""Attacks: one file each, registered in `oracles.strategies.registry`."""
