"""Learning: teams, attacks, message filters, and the oracles that train them."""
