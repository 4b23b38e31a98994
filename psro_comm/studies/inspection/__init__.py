"""Inspects messages: one episode step by step, and how often best actions turn."""
