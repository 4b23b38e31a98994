"""Writes and reads the metrics of a run: JSON lines and TensorBoard events.

A learner gets one function, a `Log`, and knows nothing of files or clocks.
Keys are `area/quantity`; the axes of a line (`iteration`, `update`, ...) have no slash.
"""

import itertools
import json
import math
import re
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Self

from psro_comm.disk.files import (
    StoreError,
    check_name,
    guarded,
    read_bytes,
    write_atomic,
)

Log = Callable[[Mapping[str, float]], None]
"""Takes the quantities of one update or one iteration."""

AXES = ("iteration", "update", "env_steps", "wall_s", "episodes", "restart", "seed")
"""Keys without a slash: where on which axis a line lies."""

_QUANTITY = re.compile(r"[a-z0-9_]+(/[a-z0-9_]+)+")


class MetricsWriter:
    """A writer of `metrics.jsonl`, and of the same in event files in `tb/<artefact>/`.

    A line carries its artefact, so that an artefact computed anew after a kill can
    `forget` the lines of its first try. The caller holds the run's lock.
    """

    def __init__(
        self, root: Path, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Continues the file in `root`; an incomplete last line is dropped.

        Raises:
          StoreError: a line in the middle is damaged, or the disk refuses.
        """
        self._path = root / "metrics.jsonl"
        self._events = root / "tb"
        self._clock = clock
        self._writers: dict[str, Any] = {}
        old = read_bytes(self._path) if self._path.exists() else b""
        whole = old[: old.rfind(b"\n") + 1]
        for number, line in enumerate(whole.splitlines(), 1):
            _parsed(line, f"{self._path} line {number}")
        if whole != old:
            write_atomic(self._path, whole)
        self._file: BinaryIO = guarded(self._path, lambda: self._path.open("ab"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def logger(self, artefact: str, **axes: float) -> Log:
        """Returns the function that logs for one artefact.

        Each of its calls writes one line, with `update` counted from 0 and `wall_s`
        from now unless the call brings its own. NaN and infinity become null.

        Args:
          artefact: name of the artefact that is being computed.
          **axes: constant axes of all its lines, such as `iteration=2`.
        """
        check_name(artefact)
        began = self._clock()
        updates = itertools.count()

        def log(values: Mapping[str, float]) -> None:
            own = {"update": next(updates), "wall_s": round(self._clock() - began, 3)}
            self._write(artefact, {**own, **axes, **values})

        return log

    def forget(self, artefact: str, from_update: int = 0) -> None:
        """Drops the lines of `artefact`, which is about to be recomputed.

        Args:
          artefact: name of the artefact.
          from_update: first update whose line is dropped; a checkpoint has the others.

        Raises:
          StoreError: the disk refuses; the old lines are intact.
        """
        check_name(artefact)
        lines = read_bytes(self._path).splitlines(keepends=True)
        rows = [_parsed(line, self._path) for line in lines]
        kept = [
            line
            for line, row in zip(lines, rows, strict=True)
            if row["artefact"] != artefact or row.get("update", 0) < from_update
        ]
        if len(kept) < len(lines):
            write_atomic(self._path, b"".join(kept))
            self._file.close()
            self._file = guarded(self._path, lambda: self._path.open("ab"))
        if artefact in self._writers:
            self._writers.pop(artefact).close()
        if from_update == 0:  # Events cannot be dropped one by one.
            shutil.rmtree(self._events / artefact, ignore_errors=True)

    def close(self) -> None:
        """Flushes and closes all files."""
        guarded(self._path, self._file.close)
        while self._writers:
            self._writers.popitem()[1].close()

    def _write(self, artefact: str, values: Mapping[str, float]) -> None:
        plain = {key: _number(key, value) for key, value in values.items()}
        line = json.dumps({"artefact": artefact, **plain}, allow_nan=False) + "\n"

        def append() -> None:
            self._file.write(line.encode())
            self._file.flush()

        guarded(self._path, append)
        if artefact not in self._writers:
            from psro_comm.disk.events import EventFile  # tensorboardX loads torch

            self._writers[artefact] = EventFile(self._events / artefact, self._clock)
        self._writers[artefact].write(plain)


def read_metrics(root: Path, artefact: str | None = None) -> list[dict[str, Any]]:
    """Returns the lines of a run, of one artefact if given, without an incomplete last.

    Raises:
      StoreError: the file is damaged.
    """
    path = root / "metrics.jsonl"
    data = read_bytes(path) if path.exists() else b""
    rows = [_parsed(line, path) for line in data[: data.rfind(b"\n") + 1].splitlines()]
    return [row for row in rows if artefact in (None, row["artefact"])]


def _number(key: str, value: float) -> float | None:
    if key not in AXES and not _QUANTITY.fullmatch(key):
        raise ValueError(f"metric {key!r} is neither area/quantity nor one of {AXES}")
    number = value if isinstance(value, int) else float(value)
    return number if math.isfinite(number) else None


def _parsed(line: bytes, where: object) -> dict[str, Any]:
    try:
        row = json.loads(line)
        row["artefact"]
    except (ValueError, RecursionError, TypeError, KeyError) as error:
        raise StoreError(f"{where} is damaged: {error}") from error
    return row
