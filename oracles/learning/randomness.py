"""The seeded generators of a training, and the type of its log."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import torch

Log = Callable[[Mapping[str, float]], None]


class Generators(NamedTuple):
    """The two sources of randomness of a training."""

    world: torch.Generator
    policy: torch.Generator


def make_generators(device: torch.device, *seed: int) -> Generators:
    """The worlds' and the policies' generator of a seed, or of several numbers.

    Hashed, because torch's generator on a CPU reads the last 32 bits of its seed alone.
    """
    world, policy = np.random.SeedSequence(seed).generate_state(2).tolist()
    return Generators(
        torch.Generator(device).manual_seed(world),
        torch.Generator(device).manual_seed(policy),
    )
