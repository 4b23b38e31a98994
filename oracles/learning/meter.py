"""Measures the episodes that end while a training plays."""

import math
import time
from typing import NamedTuple

import torch

from games.engine.play import Step


class Ended(NamedTuple):
    """Means over the episodes that ended in a batch of steps; NaN where none did."""

    mean_return: float
    success: float  # share of the episodes
    episodes: int


class Meter:
    """Adds up returns over a stream, and reads them where episodes end."""

    def __init__(self, num_envs: int, device: torch.device | str) -> None:
        """Starts with B new episodes."""
        self.running = torch.zeros(num_envs, device=device)

    def read(self, steps: Step) -> Ended:
        """Returns means over the episodes that ended in `steps` [T,B,...]."""
        total = torch.zeros((), device=steps.reward.device)
        for paid, ended in zip(steps.reward, steps.done, strict=True):
            self.running = self.running + paid
            total = total + torch.where(ended, self.running, 0.0).sum()
            self.running = torch.where(ended, 0.0, self.running)
        won = (steps.done & steps.success).sum()
        sums = torch.stack([total, won, steps.done.sum()]).tolist()
        count = int(sums[2])
        if not count:
            return Ended(math.nan, math.nan, 0)
        return Ended(sums[0] / count, sums[1] / count, count)


def pace(update: int, env_steps: int, started: float) -> dict[str, float]:
    """Returns how far a training is, and how fast, as its log tells it.

    Args:
      update: updates so far.
      env_steps: environment steps so far.
      started: when it began, by `time.monotonic`.
    """
    seconds = time.monotonic() - started
    return {
        "update": update,
        "env_steps": env_steps,
        "wall_s": seconds,
        "time/steps_per_s": env_steps / seconds,
    }
