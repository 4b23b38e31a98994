"""Seeded generators of a training, and the type of its log."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import torch

Log = Callable[[Mapping[str, float]], None]


class Generators(NamedTuple):
    """The two random generators of a training: the worlds' and the policies'."""

    world: torch.Generator
    policy: torch.Generator


def make_generators(device: torch.device, *seed: int) -> Generators:
    """Makes the worlds' and the policies' generator from one or several numbers.

    They are hashed, because torch's generator on a CPU reads only the last 32 bits of
    its seed.
    """
    world, policy = np.random.SeedSequence(seed).generate_state(2).tolist()
    return Generators(
        torch.Generator(device).manual_seed(world),
        torch.Generator(device).manual_seed(policy),
    )


def draw_seed(generator: torch.Generator) -> int:
    """Draws a seed for the generators that cannot be passed on."""
    device = generator.device
    return int(torch.randint(2**31, (1,), generator=generator, device=device))
