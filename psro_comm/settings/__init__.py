"""Settings: what an experiment is made of, and the tasks with their budgets."""
