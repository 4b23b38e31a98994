"""Opens what lies in a run's folder, which a stranger may have made.

Nothing is followed out of the folder: a run holds regular files and folders of its own.
A file is looked at before it is read, and its size is bounded.
"""

import os
import stat
from pathlib import Path

MAX_BYTES = 1 << 30
"""Largest file of a run that is read or written, of 1 GiB."""

_KINDS = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class StoreError(ValueError):
    """An error of a run's files or of the disk; the message is one line."""


def reason(error: OSError) -> str:
    """Returns what the system says of an error, without its number."""
    return error.strerror or str(error)


def check_tree(root: Path) -> list[Path]:
    """Refuses a run's folder that holds anything but regular files and folders.

    The folder itself may be a link: the user named it.

    Returns:
      The folder, and those in it.

    Raises:
      StoreError: a link, a pipe, a device or a socket is in it, or a folder that cannot
        be read; it is named.
    """
    folders, seen = [root], []
    while folders:
        seen.append(folder := folders.pop())
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except FileNotFoundError:
            continue  # another process tidies up
        except OSError as error:
            raise StoreError(f"cannot read {folder}: {reason(error)}") from error
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                folders.append(Path(entry.path))
            elif not entry.is_file(follow_symlinks=False):
                mode = entry.stat(follow_symlinks=False).st_mode
                raise _not_ours(Path(entry.path), mode)
    return seen


def open_own(path: Path, flags: int) -> int:
    """Opens a regular file of a run, and follows no link.

    Args:
      path: the file.
      flags: as for `os.open`; without `os.O_TRUNC`, for nothing is known of it yet.

    Returns:
      The descriptor.

    Raises:
      StoreError: it is absent, refused, or no regular file; the path is named.
    """
    # A named pipe would wait for its other end, and O_NONBLOCK does not.
    safe = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        # Before it is opened: opening alone does something to some devices.
        mode = os.lstat(path).st_mode
        if not stat.S_ISREG(mode):
            raise _not_ours(path, mode)
    except FileNotFoundError:
        pass  # `flags` say whether it is created
    except OSError as error:
        raise StoreError(f"cannot open {path}: {reason(error)}") from error
    try:
        descriptor = os.open(path, flags | safe, 0o666)
    except OSError as error:
        raise StoreError(f"cannot read {path}: {reason(error)}") from error
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise _not_ours(path, mode)
    return descriptor


def read_own(path: Path, most: int = MAX_BYTES) -> bytes:
    """Returns the content of a regular file of a run.

    Args:
      path: the file.
      most: largest size that is read, in bytes.

    Raises:
      StoreError: as `open_own`, or it is larger.
    """
    with os.fdopen(open_own(path, os.O_RDONLY), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            raise StoreError(f"{path} has {size:,} bytes: at most {most:,} are read")
        try:
            return file.read()
        except OSError as error:
            raise StoreError(f"cannot read {path}: {reason(error)}") from error


def exists(path: Path) -> bool:
    """Returns whether something is at `path`, even a link that leads nowhere."""
    return os.path.lexists(path)


def lead_nowhere(descriptor: int) -> None:
    """Lets what is written to an open file of this process vanish."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _not_ours(path: Path, mode: int) -> StoreError:
    kind = next((words for test, words in _KINDS if test(mode)), "no regular file")
    return StoreError(
        f"{path} is {kind}: a run holds only files and folders of its own"
    )
