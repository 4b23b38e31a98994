"""Noise: the control beside a learned attack."""

import torch
from torch import Tensor

from games.engine.view import AttackView
from oracles.strategies.attacks.config import NoiseConfig
from oracles.strategies.attacks.tampering import Tampering


class NoiseAttack(Tampering):
    """Adds noise of a fixed length in a random direction: a control for attacks."""

    kind = "noise"
    settings = NoiseConfig

    def offset(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Draws a direction uniformly on the sphere."""
        shape, device = view.sent.shape, view.sent.device
        noise = torch.randn(shape, generator=generator, device=device)
        return self.stretched(noise, self.config.size), memory
