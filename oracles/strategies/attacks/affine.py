"""The attack whose lie is a fixed affine function of what was meant."""

from typing import Any

import torch
from torch import Tensor, nn

from games.engine.threat import Threat
from games.engine.view import AttackView
from oracles.strategies.attacks.tampering import Tampering
from oracles.strategies.config import AffineConfig


class AffineAttack(Tampering):
    """Stretches and shifts each number of a message, the same way at every step.

        m_adv = m_out + a * m_out + scale * rms * b

    Each of the K malicious agents has its own a and b, `[K,D]` without a unit; rms is
    that of a clean message's numbers, `[D]`. Both are zero at the start, which bends
    nothing: a = -2 says the negative, a = -1 says b alone. It draws nothing and has no
    density, so that PPO cannot train it; the oracle `es` can.
    """

    kind = "affine"
    settings = AffineConfig

    def __init__(self, threat: Threat, message_size: int, **settings: Any) -> None:
        """Builds K pairs of a and b, all zero."""
        super().__init__(threat, message_size, **settings)
        shape = threat.num_malicious, message_size
        self.stretch = nn.Parameter(torch.zeros(shape))  # a
        self.shift = nn.Parameter(torch.zeros(shape))  # b

    def offset(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Returns a * m_out + scale * rms * b, by the slot of each malicious agent."""
        unit = self.config.scale * self.message_rms
        return self.stretch * view.sent + unit * self.shift, memory
