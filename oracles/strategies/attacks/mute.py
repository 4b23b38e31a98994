"""The attack that takes messages away."""

import torch
from torch import Tensor

from games.engine.view import AttackView
from oracles.strategies.attacks.tampering import Tampering


class MuteAttack(Tampering):
    """Replaces malicious agents' messages by zero: measures how much a team listens."""

    kind = "mute"

    def offset(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Moves each message to zero."""
        return -view.sent, memory
