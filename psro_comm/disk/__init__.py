"""The disk: reads and writes the files of a run."""
