"""Combat: StarCraft's micromanagement scenarios, simulated in batches."""
