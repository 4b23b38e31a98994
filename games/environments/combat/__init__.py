"""Combat: simulates StarCraft's micromanagement scenarios, many worlds at a time."""
