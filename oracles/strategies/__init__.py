"""Strategies of the game over messages: attacks, filters, and how they learn."""
