"""Reports of payoff tables: what an analyst asks of them."""
