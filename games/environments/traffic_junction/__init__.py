"""Traffic Junction, many worlds at a time."""
