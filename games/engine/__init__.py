"""The engine: the interface of environments, the channel, the team and the loop."""
