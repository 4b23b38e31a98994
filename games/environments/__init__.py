"""Environments: the worlds that teams play in. Registered in `registry.py`."""
