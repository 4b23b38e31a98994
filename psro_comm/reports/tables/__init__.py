"""Reports on payoff tables from anywhere, in words and as pages."""
