"""Command-line programs: each reads its flags, calls the library and writes files."""
