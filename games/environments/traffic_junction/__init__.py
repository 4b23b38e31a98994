"""Traffic Junction, batched."""
