"""What a defence costs and why it works: one filter, and what its parts bring."""
