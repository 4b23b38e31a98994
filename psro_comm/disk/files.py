"""Reads and writes single files: atomic writes, strict JSON, capped safetensors.

`RunStore` (store.py) says *which* files make a run; this file says how one file is
written so that a kill, a full disk or a flipped bit can never be mistaken for data.
Code in a file is never executed: facts are JSON, weights are safetensors.
"""

import contextlib
import errno
import hashlib
import json
import math
import os
import re
import secrets
import stat
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import safetensors
import safetensors.numpy

from oracles.strategies.frozen import Frozen
from psro_comm.disk.access import StoreError, reason

MAX_HEADER_BYTES = 1 << 20
"""Largest safetensors header read or written; ours have a few kilobytes."""

TEMPORARY_PATTERN = ".*.tmp"
"""Glob of the names that `write_atomic` uses before the rename."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_LONGEST = 200  # characters of a name: file systems take 255, endings included


def check_name(name: str) -> str:
    """Returns `name`, which will name a file or a folder, if it is allowed.

    Raises:
      StoreError: it could leave its folder, or is too long for one.
    """
    if not _NAME.fullmatch(name):
        raise StoreError(f"bad name {name!r}: allowed is {_NAME.pattern}")
    if len(name) > _LONGEST:
        raise StoreError(
            f"bad name {name[:20]}... of {len(name)} characters: at most {_LONGEST}"
        )
    return name


def write_atomic(path: Path, data: bytes) -> None:
    """Writes `data` to `path`, whole and durable, or leaves the old file as it was.

    It writes a unique temporary file in the same folder: flush, fsync, rename, fsync of
    the folder. A new file gets the mode of the umask, an old one keeps its own (the
    usual `mkstemp` would silently make it 0600).

    Raises:
      StoreError: the disk is full or the path cannot be written; the old file is intact
        and the temporary one is gone.
    """
    temporary = path.parent / f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp"
    try:
        try:
            _write_synced(temporary, data)
            with contextlib.suppress(FileNotFoundError):
                mode = path.lstat().st_mode
                if stat.S_ISREG(mode):  # a link is replaced, never followed
                    temporary.chmod(mode & 0o7777)
            os.replace(temporary, path)
        except BaseException:  # Ctrl-C, too, must not leave a temporary file.
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {reason(error)}") from error


def _write_synced(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot sync a folder; the rename itself is done.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)


def make_folder(path: Path) -> None:
    """Creates `path` and its parents.

    Raises:
      StoreError: it cannot be created.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot create {path}: {reason(error)}") from error


def read_bytes(path: Path) -> bytes:
    """Reads a whole file.

    Raises:
      StoreError: it is missing or unreadable; the path is named.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreError(f"cannot read {path}: {reason(error)}") from error


def sha256(data: bytes) -> str:
    """Returns the SHA-256 of `data` in hex."""
    return hashlib.sha256(data).hexdigest()


def encode_json(obj: Any, *, indent: int | None = 1) -> bytes:
    """Returns canonical JSON: sorted keys, exact floats, one newline at the end.

    Equal objects give equal bytes, so that files can be compared by checksum.

    Args:
      obj: nested mappings with string keys, lists, tuples and plain scalars.
      indent: as in `json.dumps`; None writes one line.

    Raises:
      StoreError: a NaN, an infinity or a type that JSON lacks; the key is named.
    """
    _refuse_unwritable(obj, "")
    text = json.dumps(
        obj, sort_keys=True, indent=indent, ensure_ascii=False, allow_nan=False
    )
    return (text + "\n").encode()


def _refuse_unwritable(obj: Any, where: str) -> None:
    if isinstance(obj, float) and not math.isfinite(obj):
        raise StoreError(f"{where or 'value'} is {obj}: JSON files hold finite numbers")
    if isinstance(obj, dict):
        for key, value in obj.items():
            if not isinstance(key, str):
                raise StoreError(f"{where or 'object'} has the key {key!r}: not a text")
            _refuse_unwritable(value, f"{where}.{key}" if where else key)
    elif isinstance(obj, list | tuple):
        for index, value in enumerate(obj):
            _refuse_unwritable(value, f"{where}[{index}]")
    elif not (obj is None or isinstance(obj, str | int | float)):
        raise StoreError(f"{where or 'value'} is a {type(obj).__name__}: not JSON")


def decode_json(data: bytes, path: Path) -> Any:
    """Parses JSON as `encode_json` writes it.

    Args:
      data: the content of the file.
      path: the file's name, for the message only.

    Raises:
      StoreError: not JSON, with NaN or infinity in it, or with a key twice in an
        object; the path is named.
    """

    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"it holds {constant}")

    def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            counts = Counter(key for key, _ in pairs)
            twice = counts.most_common(1)[0][0]
            raise ValueError(f"an object has the key {twice!r} twice")
        return found

    try:
        return json.loads(data, parse_constant=refuse, object_pairs_hook=distinct)
    except (ValueError, RecursionError) as error:
        raise StoreError(f"{path} is damaged or not JSON: {error}") from error


def encode_frozen(frozen: Frozen) -> bytes:
    """Packs arrays and the facts about them into one safetensors file.

    The facts travel as JSON in the header, so a file copied out of its run still says
    what it is. They sit under a single key: several would come in a random order.

    Raises:
      StoreError: the facts are not JSON or too long for a header.
    """
    text = encode_json(dict(frozen.facts), indent=None).decode()
    arrays = {k: np.array(v, order="C") for k, v in frozen.tensors.items()}
    data = safetensors.numpy.save(arrays, metadata={"facts": text})
    size = int.from_bytes(data[:8], "little")
    if size > MAX_HEADER_BYTES:
        raise StoreError(f"header of {size} bytes: facts belong into a JSON file")
    return data


def decode_frozen(data: bytes, path: Path) -> Frozen:
    """Unpacks what `encode_frozen` packed.

    Args:
      data: the content of the file.
      path: the file's name, for the message only.

    Raises:
      StoreError: truncated, a header beyond `MAX_HEADER_BYTES`, or not written so.
    """
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or size > min(MAX_HEADER_BYTES, len(data) - 8):
        raise StoreError(f"{path} is damaged: header of {size} bytes in {len(data)}")
    header = decode_json(data[8 : 8 + size], path)
    metadata = header.get("__metadata__") if isinstance(header, dict) else None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("facts"), str):
        raise StoreError(f"{path} was not written by psro_comm: it carries no facts")
    facts = decode_json(metadata["facts"].encode(), path)
    if not isinstance(facts, dict):
        raise StoreError(f"{path} is damaged: its facts are no JSON object")
    try:
        return Frozen(facts, safetensors.numpy.load(data), str(path))
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path} is damaged: {error}") from error


def remove_temporaries(folder: Path) -> None:
    """Deletes temporary files of a killed `write_atomic`; the caller holds the lock.

    Raises:
      StoreError: one cannot be removed.
    """
    for leftover in folder.glob(TEMPORARY_PATTERN):
        try:
            leftover.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"cannot remove {leftover}: {reason(error)}") from error


def guarded(path: Path, action: Callable[[], Any]) -> Any:
    """Runs `action`; what the disk refuses becomes one line that names `path`."""
    try:
        return action()
    except OSError as error:
        raise StoreError(f"cannot write {path}: {reason(error)}") from error
