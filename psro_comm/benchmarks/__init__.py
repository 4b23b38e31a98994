"""What the project promises of its speed, as ratios within one run."""
