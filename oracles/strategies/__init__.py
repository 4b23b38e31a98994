"""The strategies of the game over messages: attacks, filters, and their training."""
