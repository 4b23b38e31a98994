"""Validation: runs PSRO on games whose value is known."""
