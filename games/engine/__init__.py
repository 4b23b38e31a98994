"""The engine: what an environment is, the channel, the team and the one loop."""
