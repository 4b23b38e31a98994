"""Echo: two agents and one bit; every value is known by hand."""
