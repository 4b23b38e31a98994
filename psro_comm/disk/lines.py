"""Lines of JSON with a running checksum: what `metrics.jsonl` is made of.

Each line ends in a checksum of itself and of all lines before it, so that a changed,
missing or swapped line is found. Lines of older runs have none, and come first.
"""

import json
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from psro_comm.disk.access import StoreError

_KEY = b', "crc": '


class Line(NamedTuple):
    """One line: its values, its bytes without a checksum, and the checksum so far."""

    row: dict[str, Any]
    body: bytes
    crc: int


def seal(row: Mapping[str, Any], before: int) -> tuple[bytes, int]:
    """Returns the line of some values, and the checksum with it.

    Args:
      row: JSON data without NaN.
      before: the checksum of the lines before; 0 for none.
    """
    return sealed(json.dumps(dict(row), allow_nan=False).encode(), before)


def sealed(body: bytes, before: int) -> tuple[bytes, int]:
    """Returns the line of an object's JSON text, and the checksum with it."""
    crc = zlib.crc32(body, before)
    return body[:-1] + _KEY + str(crc).encode() + b"}\n", crc


def whole(data: bytes) -> bytes:
    """Returns the whole lines of a file whose last one a kill may have torn."""
    return data[: data.rfind(b"\n") + 1]


def parse(data: bytes, where: object) -> list[Line]:
    """Returns the lines of whole lines' bytes.

    Raises:
      StoreError: a line is damaged, or its checksum says that one is missing; `where`
        and the number of the line are named.
    """
    found: list[Line] = []
    crc = 0
    for number, text in enumerate(data.splitlines(), 1):
        found.append(_parsed(text, crc, f"{where} line {number}"))
        crc = found[-1].crc
    return found


def _parsed(text: bytes, before: int, where: str) -> Line:
    try:
        row = json.loads(text)
        row["artefact"]
    except (ValueError, RecursionError, TypeError, KeyError) as error:
        raise StoreError(f"{where} is damaged: {error}") from error
    head, key, _ = text.rpartition(_KEY)
    if not key:
        if before:
            raise StoreError(f"{where} is damaged: it has no checksum")
        return Line(row, text, 0)
    body = head + b"}"
    line, crc = sealed(body, before)
    if line.rstrip(b"\n") != text:
        raise StoreError(
            f"{where} is damaged, or one before it is missing: its checksum is wrong"
        )
    del row["crc"]
    return Line(row, body, crc)
