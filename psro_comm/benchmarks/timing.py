"""Measures speeds: contestants take turns, so that a busy machine slows them all."""

import time
from collections.abc import Callable
from typing import NamedTuple

import torch

Timed = Callable[[], int]  # does some work, returns how much


class Line(NamedTuple):
    """A promise: a rate, a rate to compare it with, and the ratio to reach."""

    label: str
    ours: float
    theirs: float
    unit: str
    promised: float

    def judged(self, promised: bool) -> tuple[str, bool]:
        """Returns the line in words, and whether the ratio is as high as promised.

        Args:
          promised: whether the promise holds here; otherwise it is not spoken of.
        """
        least = self.promised if promised else 0.0
        ratio = self.ours / self.theirs
        text = (
            f"{self.label:<53} {self.ours:>11,.1f} against {self.theirs:>8,.1f}"
            f" {self.unit}: {ratio:5.1f} times"
        )
        words = f" (promised {least:g})" if least else ""
        return text + words, round(ratio, 2) >= least


def rates(contestants: dict[str, Timed], rounds: int) -> dict[str, float]:
    """Returns the best rate of each contestant, work per second, measured in turns.

    Without a graphics card the seconds are of the processor, which others may use, too.
    """
    clock = time.perf_counter if torch.cuda.is_available() else time.process_time
    best = dict.fromkeys(contestants, 0.0)
    for work in contestants.values():
        work()
    for _ in range(rounds):
        for name, work in contestants.items():
            began = clock()
            done = work()
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            best[name] = max(best[name], done / (clock() - began))
    return best
