"""Writes and reads the metrics of a run: JSON lines and TensorBoard events.

A learner gets one function, a `Log`, and knows nothing of files or clocks.
Keys are `area/quantity`; the axes of a line (`iteration`, `update`, ...) have no slash.
"""

import itertools
import math
import os
import re
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Self

from absl import logging

from psro_comm.disk.access import exists, open_own, read_own
from psro_comm.disk.files import check_name, guarded, write_atomic
from psro_comm.disk.lines import parse, seal, sealed, whole
from psro_comm.disk.wandb_lines import WandbLines

Log = Callable[[Mapping[str, float]], None]
"""Takes the quantities of one update or one iteration."""

AXES = ("iteration", "update", "env_steps", "wall_s", "episodes", "restart", "seed")
"""Keys without a slash: where on which axis a line lies."""

ITERATIONS = "iterations"
"""The curve of all iterations of algorithm 1, one point for each."""

_ITERATION = re.compile(r"iteration-[0-9]+")
_QUANTITY = re.compile(r"[a-z0-9_]+(/[a-z0-9_]+)+")


class MetricsWriter:
    """A writer of `metrics.jsonl`, and of the same in event files in `tb/<curve>/`.

    A line carries its artefact, so that an artefact computed anew after a kill can
    `forget` the lines of its first try. A curve is an artefact's, or that of all
    iterations together. The caller holds the run's lock.
    """

    def __init__(
        self,
        root: Path,
        *,
        clock: Callable[[], float] = time.monotonic,
        beside: WandbLines | None = None,
    ) -> None:
        """Continues the file in `root`; an incomplete last line is dropped.

        Args:
          root: folder of the run.
          clock: returns seconds from any origin.
          beside: gets each new line, too; closed with this.

        Raises:
          StoreError: a line is damaged or missing, or the disk refuses.
        """
        self._path = root / "metrics.jsonl"
        self._events = root / "tb"
        self._clock, self._beside = clock, beside
        self._writers: dict[str, Any] = {}
        old = read_own(self._path) if exists(self._path) else b""
        kept = _whole(old, self._path)
        lines = parse(kept, self._path)
        self._crc = lines[-1].crc if lines else 0
        self._last: dict[str, float] = {}  # update of each artefact
        for line in lines:
            self._note(line.row)
        if kept != old or (old and self._path.stat().st_nlink > 1):
            write_atomic(self._path, kept)  # a file of its own, not another run's too
        self._file = self._opened()

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
        curve = _curve(check_name(artefact))
        gone = self._last.get(artefact, -1) >= from_update
        if gone:
            self._drop(artefact, from_update)
        # A kill may have come between the lines and the events.
        if gone or (curve not in self._writers and (self._events / curve).exists()):
            self._draw_again(curve)

    def _drop(self, artefact: str, from_update: int) -> None:
        data, crc = [], 0
        self._last.pop(artefact)
        for line in parse(read_own(self._path), self._path):
            row = line.row
            if row["artefact"] == artefact and row.get("update", 0) >= from_update:
                continue
            text, crc = sealed(line.body, crc)
            data.append(text)
            self._note(row)
        write_atomic(self._path, b"".join(data))
        self._file.close()
        self._file, self._crc = self._opened(), crc

    def _note(self, row: Mapping[str, Any]) -> None:
        name, update = str(row["artefact"]), row.get("update") or 0
        self._last[name] = max(update, self._last.get(name, 0))

    def close(self) -> None:
        """Flushes and closes all files."""
        guarded(self._path, self._file.close)
        while self._writers:
            self._writers.popitem()[1].close()
        if self._beside is not None:
            self._beside.close()

    def _opened(self) -> BinaryIO:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        return os.fdopen(open_own(self._path, flags), "ab")

    def _write(self, artefact: str, values: Mapping[str, float]) -> None:
        plain = {key: _number(key, value) for key, value in values.items()}
        row = {"artefact": artefact, **plain}
        line, crc = seal(row, self._crc)

        def append() -> None:
            self._file.write(line)
            self._file.flush()

        guarded(self._path, append)
        self._crc = crc
        self._note(row)
        self._draw(row)
        if self._beside is not None:
            curve = _curve(artefact)
            axis = _axis(curve)
            shown = {k: v for k, v in row.items() if "/" in k or k == axis}
            self._beside.write(curve, axis, shown)

    def _draw(self, row: Mapping[str, Any]) -> None:
        """Adds a line to the event file of its curve."""
        curve = _curve(str(row["artefact"]))
        if curve not in self._writers:
            from psro_comm.disk.events import EventFile  # tensorboardX loads torch

            self._writers[curve] = EventFile(self._events / curve, self._clock)
        values = {key: value for key, value in row.items() if "/" in key}
        self._writers[curve].write(values, int(row.get(_axis(curve)) or 0))

    def _draw_again(self, curve: str) -> None:
        """Writes a curve anew, for events cannot be dropped one by one."""
        if curve in self._writers:
            self._writers.pop(curve).close()
        shutil.rmtree(self._events / curve, ignore_errors=True)
        for line in parse(read_own(self._path), self._path):
            if _curve(str(line.row["artefact"])) == curve:
                self._draw(line.row)


def read_metrics(root: Path, artefact: str | None = None) -> list[dict[str, Any]]:
    """Returns the lines of a run, of one artefact if given, without an incomplete last.

    Raises:
      StoreError: the file is damaged.
    """
    path = root / "metrics.jsonl"
    data = _whole(read_own(path), path) if exists(path) else b""
    rows = [line.row for line in parse(data, path)]
    return [row for row in rows if artefact in (None, row["artefact"])]


def _whole(data: bytes, path: Path) -> bytes:
    kept = whole(data)
    if kept != data:
        logging.warning("%s: its last line is incomplete and left out", path)
    return kept


def _curve(artefact: str) -> str:
    """Returns the curve that an artefact's lines are points of."""
    return ITERATIONS if _ITERATION.fullmatch(artefact) else artefact


def _axis(curve: str) -> str:
    return "iteration" if curve == ITERATIONS else "update"


def _number(key: str, value: float) -> float | None:
    if key not in AXES and not _QUANTITY.fullmatch(key):
        raise ValueError(f"metric {key!r} is neither area/quantity nor one of {AXES}")
    number = value if isinstance(value, int) else float(value)
    return number if math.isfinite(number) else None
