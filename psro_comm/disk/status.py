"""The note `status.json`: what a run does now, or how it ended."""

import contextlib
import datetime
import os
from pathlib import Path

from psro_comm.disk.access import StoreError
from psro_comm.disk.files import encode_json, write_atomic


class Status:
    """A writer of `status.json`; the caller holds the run's lock."""

    def __init__(self, root: Path) -> None:
        """Writes nothing yet."""
        self._path = root / "status.json"
        self._stage, self._share = "", 0.0

    def set(self, stage: str, share: float, *, stopped: bool = False) -> None:
        """Writes what the run does (an artefact, or `done`), and the share done."""
        self._stage, self._share = stage, share
        updated = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        status = {"stage": stage, "progress": share, "updated": updated}
        status |= {"stopped": stopped, "process": os.getpid()}
        write_atomic(self._path, encode_json(status))

    def end(self, *, stopped: bool) -> None:
        """Writes that the work is done, or where an error or a signal stopped it."""
        if not self._stage:  # nothing was begun
            return
        stage, share = (self._stage, self._share) if stopped else ("done", 1.0)
        with contextlib.suppress(StoreError):  # the error that ended it says more
            self.set(stage, share, stopped=stopped)
