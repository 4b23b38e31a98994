"""The command line: flags, requests, exit codes, plans and the machine's check."""
