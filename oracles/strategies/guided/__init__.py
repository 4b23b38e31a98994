"""Attacks that are taught by gradients, and by a value that looks ahead."""
