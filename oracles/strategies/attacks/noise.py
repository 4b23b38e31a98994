"""Noise: the control beside a learned attack."""

from typing import Any, Self

import torch
from torch import Tensor

from games.engine.threat import Threat
from games.engine.view import AttackView
from oracles.strategies.attacks.tampering import Tampering
from oracles.strategies.config import NoiseConfig
from oracles.strategies.setting import Setting


class NoiseAttack(Tampering):
    """Adds noise of a fixed length in a random direction: a control for attacks."""

    kind = "noise"

    def __init__(self, threat: Threat, message_size: int, size: float = 1.0) -> None:
        """Takes `size`, ||m_adv - m_out|| in mean norms of a clean message."""
        super().__init__(threat, message_size)
        self.size = size

    @classmethod
    def new(cls, setting: Setting, config: Any = None) -> Self:
        """Builds noise of `config.size`; see `Tampering.new`."""
        size = (config or NoiseConfig()).size
        attack = cls(setting.threat, setting.team.message_size, size)
        return attack.calibrate(setting.team)

    def arguments(self) -> dict[str, Any]:
        """Returns what `rebuild` needs, as JSON data."""
        return {**super().arguments(), "size": float(self.size)}

    def offset(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Draws a direction uniformly on the sphere."""
        shape, device = view.sent.shape, view.sent.device
        noise = torch.randn(shape, generator=generator, device=device)
        noise = noise / noise.norm(dim=-1, keepdim=True).clamp(min=1e-12)
        return noise * self.size * self.message_norm, memory
