"""TensorBoard's event files: a second copy of what metrics.jsonl holds."""

import os
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.summary import scalar

from psro_comm.disk.files import guarded

_FLUSH_S = 10.0


class EventFile:
    """One TensorBoard event file.

    Written in this thread: tensorboardX's usual writer works in another one, which
    dies silently on a full disk and then blocks the training for ever.
    """

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self._folder = folder
        self._clock = clock
        self._flushed = clock()
        self._writer = guarded(folder, self._create)

    def _create(self) -> EventsWriter:
        self._folder.mkdir(parents=True, exist_ok=True)
        # A resumed artefact may open its second file within the same second.
        suffix = f".{os.getpid()}-{secrets.token_hex(2)}"
        return EventsWriter(str(self._folder / "events"), suffix)

    def write(self, values: Mapping[str, float | None], step: int) -> None:
        """Writes quantities at a step; those that are unknown are left out."""
        tags = {k: v for k, v in values.items() if v is not None}

        def append() -> None:
            for tag, value in tags.items():
                summary = scalar(tag, value)
                event = Event(wall_time=time.time(), step=step, summary=summary)
                self._writer.write_event(event)
            if self._clock() - self._flushed > _FLUSH_S:
                self._writer.flush()
                self._flushed = self._clock()

        guarded(self._folder, append)

    def close(self) -> None:
        """Flushes and closes the file."""
        guarded(self._folder, self._writer.close)
