"""What a population of policies looks like: ratings, layers, maps, diversity."""
