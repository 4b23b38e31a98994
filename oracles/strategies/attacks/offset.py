"""The attack that pushes every message of an episode the same way."""

from typing import Any

import torch
from torch import Tensor

from games.engine.threat import Threat
from games.engine.view import AttackView
from oracles.strategies.attacks.config import NoiseConfig
from oracles.strategies.attacks.tampering import Tampering


class OffsetAttack(Tampering):
    """Adds a vector of fixed length, drawn anew for each liar and episode.

    Noise averages out over the steps of an episode, this does not.
    """

    kind = "offset"
    settings = NoiseConfig

    def __init__(self, threat: Threat, message_size: int, **settings: Any) -> None:
        """Prepares to remember a direction, which is zero before it is drawn."""
        super().__init__(threat, message_size, **settings)
        self.memory_size = message_size

    def offset(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Draws a direction uniformly on the sphere, or remembers it."""
        drawn = torch.randn(memory.shape, generator=generator, device=memory.device)
        begun = (memory != 0).any(dim=-1, keepdim=True)
        direction = torch.where(begun, memory, drawn)
        return self.stretched(direction, self.config.size), direction
