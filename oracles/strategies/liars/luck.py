"""What a made-up liar draws once for an episode, and what follows from it."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

_LATE, _FITFUL = 0.3, 0.3  # shares of liars that start late, that come and go
_LATEST = 0.7  # of an episode, when the last of them starts
_PERIODS = 3.0, 20.0  # steps from one fit of lying to the next


class Luck(NamedTuple):
    """Numbers of one liar and episode, `[B,K]`, uniform in [0, 1)."""

    family: Tensor
    size: Tensor
    capped: Tensor
    cap: Tensor
    noise: Tensor
    late: Tensor
    fitful: Tensor
    period: Tensor
    share: Tensor
    which: Tensor
    one: Tensor  # these are the family's own
    two: Tensor
    three: Tensor

    @classmethod
    def of(cls, numbers: Tensor) -> "Luck":
        """Names the numbers `[B,K,13]`."""
        return cls(*numbers.unbind(-1))

    def speaks(self, step: Tensor, length: int) -> Tensor:
        """Returns who lies at a step of an episode of `length` steps, `[B,K]` bool.

        Some start late, some come and go: a filter learns to change its mind.
        """
        start = torch.where(self.late < _LATE, self.late / _LATE, 0.0)
        period = between(self.period, *_PERIODS, geometric=False)
        phase = ((step / period) + self.fitful / _FITFUL) % 1.0
        pauses = (self.fitful < _FITFUL) & (phase > 0.3 + 0.5 * self.share)
        return (step >= start * _LATEST * length) & ~pauses


NUMBERS = len(Luck._fields)


def between(
    uniform: Tensor, least: float, most: float, *, geometric: bool = True
) -> Tensor:
    """Maps [0, 1) to a range, with even odds for equal ratios or equal differences."""
    if geometric:
        return torch.exp(math.log(least) + uniform * math.log(most / least))
    return least + uniform * (most - least)


def pick(uniform: Tensor, count: int) -> Tensor:
    """Maps [0, 1) to the numbers 0 .. count - 1, with even odds."""
    return (uniform * count).long().clamp(max=count - 1)
