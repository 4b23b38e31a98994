"""Echo: a game of two agents and one bit, in which every value is known by hand."""
