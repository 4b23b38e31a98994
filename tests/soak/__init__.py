"""Campaigns that try to break the programs: `make soak`, at most 20 minutes."""
