"""The real StarCraft II, through oxwhirl's SMAC, as an environment of this project."""
