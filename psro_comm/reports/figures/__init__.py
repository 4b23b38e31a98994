"""Figures: drawn in this folder alone, which alone imports matplotlib."""
