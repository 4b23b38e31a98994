"""Worlds: world k of a run is the same for all who play in it, on every device.

World k is defined by (seed, k): its start, the noise of each of its steps and the
agents malicious in it. Policies that meet the same worlds can be compared pairwise
(common random numbers); only the policies' own noise differs.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from games.engine.spec import EnvSpec


class Worlds(NamedTuple):
    """W worlds, as the numbers that define them."""

    reset_noise: Tensor  # [W, spec.reset_noise]
    step_noise: Tensor  # [T, W, spec.step_noise]
    malicious: Tensor  # [W,K] long

    def take(self, index: Tensor) -> "Worlds":
        """Returns the worlds at `index` [J] long; an index may occur several times."""
        return Worlds(
            self.reset_noise[index], self.step_noise[:, index], self.malicious[index]
        )


def make_worlds(
    spec: EnvSpec,
    seed: int,
    first: int,
    count: int,
    malicious: tuple[int, ...] | int,
    device: torch.device | str = "cpu",
) -> Worlds:
    """Makes the worlds `first` .. `first + count - 1` of `seed`.

    Args:
      spec: says how much noise a world needs.
      seed: the seed of all worlds, at least 0.
      first: number of the first world, at least 0.
      count: W.
      malicious: the malicious agents of every world, or how many to draw in each.
      device: where the tensors go.

    Returns:
      Worlds that depend on `(seed, k)` alone, not on `first`, `count` or `device`.
    """
    starts = np.empty((count, spec.reset_noise), np.float32)
    steps = np.empty((spec.episode_limit, count, spec.step_noise), np.float32)
    held = np.empty(
        (count, malicious if isinstance(malicious, int) else len(malicious)), np.int64
    )
    for k in range(count):
        rng = np.random.Generator(np.random.Philox(key=[seed, first + k]))
        starts[k] = rng.random(spec.reset_noise, dtype=np.float32)
        steps[:, k] = rng.random(
            (spec.episode_limit, spec.step_noise), dtype=np.float32
        )
        if isinstance(malicious, int):
            held[k] = rng.permutation(spec.num_agents)[:malicious]
        else:
            held[k] = malicious
    return Worlds(
        *(torch.from_numpy(part).to(device) for part in (starts, steps, held))
    )


def draw_malicious(
    num_envs: int, num_agents: int, num_malicious: int, generator: torch.Generator
) -> Tensor:
    """Draws distinct malicious agents for each episode, `[B,K]` long."""
    ranks = torch.rand(
        num_envs, num_agents, generator=generator, device=generator.device
    )
    return ranks.argsort(dim=1)[:, :num_malicious]
