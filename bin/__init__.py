"""Command-line programs: each reads its flags, calls the library and writes files."""

from psro_comm.command.process import one_thread, watch_imports

watch_imports()
one_thread()
