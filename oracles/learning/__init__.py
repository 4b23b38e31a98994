"""What every learner shares: PPO, networks, randomness, and a count of episodes."""
