"""The games: environments, messages and rewards. Imports no other package of ours."""
