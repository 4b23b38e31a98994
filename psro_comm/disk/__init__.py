"""The disk: what reads and writes files of a run."""
