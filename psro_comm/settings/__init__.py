"""Settings: the configuration of an experiment, and the tasks with their budgets."""
