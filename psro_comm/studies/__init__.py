"""Studies: numbers from runs, to be put into words by `psro_comm.reports`."""
