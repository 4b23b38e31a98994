"""Noise that is shaped like clean messages."""

from typing import Any, Self

import torch
from torch import Tensor

from games.engine.threat import Threat
from games.engine.view import AttackView
from oracles.strategies.attacks.config import NoiseConfig
from oracles.strategies.attacks.tampering import Tampering
from oracles.strategies.recording import record
from oracles.strategies.setting import Setting


class ShapedAttack(Tampering):
    """Adds noise of a fixed length, in directions in which clean messages vary.

        delta = size ||m|| u / |u|,   u ~ N(0, Cov(m_out))

    The twin of `noise`, most of which lies in directions that no message ever takes.
    """

    kind = "shaped"
    settings = NoiseConfig
    root: Tensor  # [D,D] symmetric root of the covariance of clean messages

    def __init__(self, threat: Threat, message_size: int, **settings: Any) -> None:
        """Prepares isotropic noise; see `Tampering`."""
        super().__init__(threat, message_size, **settings)
        self.register_buffer("root", torch.eye(message_size))

    @classmethod
    def new(cls, setting: Setting, config: Any = None) -> Self:
        """Builds it for a game, whose clean messages it listens to."""
        attack = super().new(setting, config)
        attack.root.copy_(record(setting).root_covariance())
        return attack

    def offset(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Draws a direction."""
        shape, device = view.sent.shape, view.sent.device
        noise = torch.randn(shape, generator=generator, device=device)
        return self.stretched(noise @ self.root, self.config.size), memory
