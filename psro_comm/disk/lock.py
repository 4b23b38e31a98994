"""The lock of a run: held while a process writes in its folder."""

import fcntl
import os
import re
from pathlib import Path

from psro_comm.disk.access import StoreError, open_own, reason

_NUMBER = re.compile(rb"[0-9]{0,20}")  # of the process that holds it; empty for none


class InUseError(StoreError):
    """The error that another process holds a lock."""


def acquire_lock(path: Path) -> int:
    """Locks the file at `path` for this process, until the descriptor is closed.

    The kernel releases it when the process dies, however it dies; so no lock is ever
    stale. The file is never removed: two processes could then hold two locks.

    Returns:
      The descriptor.

    Raises:
      StoreError: another process holds it, and its number is named; or the file holds
        anything but such a number, and is left as it is.
    """
    lock = open_own(path, os.O_RDWR | os.O_CREAT)
    try:
        held = os.pread(lock, 21, 0)
        if not _NUMBER.fullmatch(held):
            raise StoreError(f"{path} is no lock of ours: move it away")
        _hold(lock, path)
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
    except OSError as error:
        os.close(lock)
        raise StoreError(f"cannot lock {path}: {reason(error)}") from error
    except StoreError:
        os.close(lock)
        raise
    return lock


def _hold(lock: int, path: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        owner = os.pread(lock, 20, 0).decode(errors="replace") or "unknown"
        raise InUseError(
            f"{path.parent} is in use by process {owner}: wait for it, or name "
            "another run"
        ) from error


def release_lock(lock: int) -> None:
    """Releases the lock that `acquire_lock` returned."""
    os.ftruncate(lock, 0)
    os.close(lock)
