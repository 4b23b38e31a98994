"""RunStore: the folder that is a run (docstring grows with the class below)."""

from psro_comm.files import StoreError, write_atomic

__all__ = ["StoreError", "write_atomic"]
