"""Predator-Prey, many worlds at a time."""
