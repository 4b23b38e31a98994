"""Studies: measure numbers on runs, which `psro_comm.reports` puts into words."""
