"""The command line: flags, requests, exit codes, plans, the doctor."""
