"""Figures: the only folder that knows matplotlib."""
