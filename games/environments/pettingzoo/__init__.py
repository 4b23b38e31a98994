"""PettingZoo both ways: its parallel environments as ours, and ours as its own."""
