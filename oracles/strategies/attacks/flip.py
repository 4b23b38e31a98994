"""The attack that says the negative."""

import torch
from torch import Tensor

from games.engine.view import AttackView
from oracles.strategies.attacks.config import ReverseConfig
from oracles.strategies.attacks.tampering import Tampering


class FlipAttack(Tampering):
    """Says the negative of each message: m_adv = -size m_out."""

    kind = "flip"
    settings = ReverseConfig

    def offset(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Moves each message through zero."""
        return -(1.0 + self.config.size) * view.sent, memory
