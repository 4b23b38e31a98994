"""Benchmarks: measure the speeds that the project promises, as ratios in one run."""
