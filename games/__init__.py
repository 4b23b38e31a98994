"""The world: what is played, seen, said and paid. Imports nothing of ours."""
