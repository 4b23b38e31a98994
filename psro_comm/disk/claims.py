"""Claims of whole runs: several sweeps share a folder, and each run is made once.

A claim is a lock in the run's folder, `sweep.lock`, beside what the run itself holds:
`sweep.log`, all that its program said, and `sweep.json`, the note that it is finished.
"""

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from psro_comm.disk.access import open_own
from psro_comm.disk.files import (
    decode_json,
    encode_json,
    make_folder,
    read_bytes,
    write_atomic,
)
from psro_comm.disk.lock import InUseError, acquire_lock, release_lock

_NOTE, _LOG, _LOCK = "sweep.json", "sweep.log", "sweep.lock"
_TAIL = 4096  # bytes of a log in which its last line is looked for


@contextlib.contextmanager
def claimed(root: Path) -> Iterator[bool]:
    """Claims the run in `root` for a while; yields False where another has it.

    Raises:
      StoreError: the folder cannot be made, or its file system has no locks.
    """
    make_folder(root)
    try:
        lock = acquire_lock(root / _LOCK)
    except InUseError:
        yield False
        return
    try:
        yield True
    finally:
        release_lock(lock)


def finished(root: Path) -> dict[str, Any] | None:
    """Returns the note of a finished run; None if there is none.

    Raises:
      StoreError: it is damaged.
    """
    path = root / _NOTE
    return decode_json(read_bytes(path), path) if path.exists() else None


def note_finished(root: Path, note: Mapping[str, Any]) -> None:
    """Writes the note that the run in `root` is finished."""
    write_atomic(root / _NOTE, encode_json(dict(note)))


@contextlib.contextmanager
def run_log(root: Path) -> Iterator[BinaryIO]:
    """Opens the log of a run, to which its program adds what it says."""
    opened = open_own(root / _LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with os.fdopen(opened, "ab") as file:
        yield file


def last_line(root: Path) -> str:
    """Returns the last line of a run's log; empty if there is none."""
    data = read_bytes(root / _LOG)[-_TAIL:]
    lines = data.decode(errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else ""
