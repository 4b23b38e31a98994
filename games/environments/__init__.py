"""Environments: the games that teams play, registered in `registry.py`."""
