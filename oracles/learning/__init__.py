"""The parts that every learner shares: PPO, networks, randomness, episodes' returns."""
