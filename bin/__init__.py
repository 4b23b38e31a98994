"""Command-line programs: each reads its flags, calls the library and writes files."""

from psro_comm.command.stopping import watch_imports

watch_imports()
