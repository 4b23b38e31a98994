"""The attack that says the opposite, in the team's own language."""

from typing import Any, Self

import torch
from torch import Tensor

from games.engine.threat import Threat
from games.engine.view import AttackView
from oracles.strategies.attacks.config import ReverseConfig
from oracles.strategies.attacks.tampering import Tampering
from oracles.strategies.recording import record
from oracles.strategies.setting import Setting


class MirrorAttack(Tampering):
    """Mirrors each message about its agent's mean: m_adv = mean - size (m_out - mean).

    What it says has the mean and, for a size of 1, the covariance of clean messages.
    """

    kind = "mirror"
    settings = ReverseConfig
    mean: Tensor  # [N,D] the clean message of each agent, on average

    def __init__(
        self, threat: Threat, message_size: int, *, num_agents: int, **settings: Any
    ) -> None:
        """Prepares a mirror at zero for N agents; see `Tampering`."""
        super().__init__(threat, message_size, **settings)
        self.register_buffer("mean", torch.zeros(num_agents, message_size))

    @classmethod
    def new(cls, setting: Setting, config: Any = None) -> Self:
        """Builds it for a game, whose clean messages it listens to."""
        attack = cls._for(setting, config, num_agents=setting.env.spec.num_agents)
        attack.mean.copy_(record(setting).mean())
        return attack

    def arguments(self) -> dict[str, Any]:
        """Returns what `rebuild` needs, as JSON data."""
        return {**super().arguments(), "num_agents": len(self.mean)}

    def offset(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Moves each message through the mean."""
        apart = view.sent - self.mean[view.agents]
        return -(1.0 + self.config.size) * apart, memory
