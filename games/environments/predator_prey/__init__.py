"""Predator-Prey, batched."""
