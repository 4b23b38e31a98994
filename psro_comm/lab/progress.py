"""Shows progress on a terminal: one aligned line an update, with the time left."""

from __future__ import annotations

import contextlib
import logging as standard_logging
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from absl import logging

if TYPE_CHECKING:
    from psro_comm.disk.metrics import Log


class Progress:
    """A `Log` that prints aligned lines of progress, with an estimate of the time left.

    Each call is one update or iteration. It needs no terminal, and prints at most every
    `every_s` seconds; the first and the last call always print.
    """

    def __init__(
        self,
        name: str,
        total: int,
        *,
        steps: int | None = None,
        show: Sequence[str] = (),
        every_s: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
        emit: Callable[[str], None] = logging.info,
    ) -> None:
        """Begins to count calls at 0.

        Args:
          name: name of what is being computed, such as `attack-001`.
          total: number of calls to come.
          steps: `env_steps` of the last call; where given, `total` follows from the
            calls so far, since episodes may be shorter than was foreseen.
          show: keys to print, each with the last number that came for it; where empty,
            all that are given (at most four).
          every_s: least time between two lines, in seconds.
          clock: returns seconds from any origin.
          emit: takes the line.
        """
        self._name, self._total, self._show = name, total, tuple(show)
        self._steps = steps
        self._every_s, self._clock, self._emit = every_s, clock, emit
        self._began = clock()
        self._spoke = -math.inf
        self._done = 0
        self._last: dict[str, float] = {}

    def __call__(self, values: Mapping[str, float]) -> None:
        """Counts one call, and prints a line if it is time to."""
        self._done += values.get("env_steps") != 0  # before a training nothing is done
        self._last |= {k: v for k, v in values.items() if not math.isnan(v)}
        if self._steps is not None and values.get("env_steps"):
            foreseen = self._done * self._steps // int(values["env_steps"])
            self._total = max(self._done, foreseen)
        now = self._clock()
        if now - self._spoke < self._every_s and self._done < self._total:
            return
        self._spoke = now
        elapsed = now - self._began
        left = elapsed / max(1, self._done) * max(self._total - self._done, 0)
        width = len(str(self._total))
        shown = self._show or tuple(key for key in values if "/" in key)[:4]
        known = [(key, self._last[key]) for key in shown if key in self._last]
        parts = [f"{key.split('/')[-1]} {value:10.4g}" for key, value in known]
        # Before the first call nobody knows how many there will be, nor how long.
        total, rest = str(self._total), format_duration(left)
        if self._done == 0 and self._steps is not None:
            total, rest = "?", "?"
        head = f"{self._name:<16} {self._done:>{width}}/{total}"
        clocks = f"{format_duration(elapsed):>7} gone {rest:>7} left"
        self._emit("  ".join([head, *parts, clocks]))


def format_duration(seconds: float) -> str:
    """Returns a duration in words: `8s`, `1m05s` or `2h03m`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"


def tee(*logs: Log) -> Log:
    """Returns one `Log` that passes its values to all of `logs`, in order."""

    def log(values: Mapping[str, float]) -> None:
        for each in logs:
            each(values)

    return log


@contextlib.contextmanager
def named(name: str) -> Iterator[None]:
    """Puts the name of what is computed before an error of its numbers."""
    try:
        yield
    except FloatingPointError as error:
        raise FloatingPointError(f"{name}: {error}") from error


def speak(*, in_worker: bool = False) -> None:
    """Lets this process log what it does, in lines that begin with the time."""
    logging.set_verbosity(logging.INFO)
    line, clock = "%(asctime)s  %(message)s", "%H:%M:%S"
    if in_worker:
        # A worker parses no flags, and absl's handler would warn of that.
        standard_logging.basicConfig(format=line, datefmt=clock)
        return
    logging.use_absl_handler()
    handler = logging.get_absl_handler()
    handler.setFormatter(standard_logging.Formatter(line, clock))
    handler.python_handler.setStream(sys.stderr)  # what it is by now
