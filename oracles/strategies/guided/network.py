"""The attack whose lie is a network of what the liar sees, knows, heard and means."""

from typing import Any, Self

import torch
from torch import Tensor

from games.engine.threat import Threat
from games.engine.view import AttackView
from oracles.learning.nets import StackedMLP, squash
from oracles.strategies.attacks.config import NetworkConfig
from oracles.strategies.attacks.tampering import Tampering
from oracles.strategies.setting import Setting


class NetworkAttack(Tampering):
    """Moves each message by what a network of the liar's own view says.

        m_adv = m_out + bound(rms * f(o, tau, m_in, m_out, t / T))

    Each of the K malicious agents has its own f, a tanh network of two hidden layers,
    small at the start; t counts the steps that the agent has lived, of T at
    most. `bound` shortens a lie smoothly to `radius` mean norms. Playing, it looks at
    no more than the paper's attacker; but it was taught, by the oracle `guided`, by
    what the team and the filter make of it.
    """

    kind = "network"
    settings = NetworkConfig
    knowledge = "white_box"
    broadcasts = True
    memory_size = 1  # t

    def __init__(
        self,
        threat: Threat,
        message_size: int,
        *,
        width: int,
        episode_limit: int,
        **settings: Any,
    ) -> None:
        """Builds K networks.

        Args:
          threat, message_size, **settings: see `Tampering`.
          width: how many numbers o, tau, m_in and m_out are together.
          episode_limit: T.
        """
        super().__init__(threat, message_size, **settings)
        self.known = {"width": width, "episode_limit": episode_limit}
        hidden = self.config.hidden
        sizes = width + 1, hidden, hidden, message_size
        self.net = StackedMLP(threat.num_malicious, sizes, last_gain=0.3)

    @classmethod
    def new(cls, setting: Setting, config: Any = None) -> Self:
        """Builds an untaught attack; see `Tampering.new`."""
        team, spec = setting.team, setting.env.spec
        width = spec.obs_size + team.memory_size + team.heard_size + team.message_size
        limit = spec.episode_limit
        return cls._for(setting, config, width=width, episode_limit=limit)

    def arguments(self) -> dict[str, Any]:
        """Returns what `rebuild` needs, as JSON data."""
        return {**super().arguments(), **self.known}

    def offset(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Asks the network, and shortens what it says."""
        clock = memory.masked_fill(view.fresh[..., None], 0.0)
        own = (
            *(view.obs, torch.tanh(view.memory), squash(view.m_in)),
            *(
                squash(view.sent / self.message_rms),
                clock / self.known["episode_limit"],
            ),
        )
        lie = self.message_rms * self.net(torch.cat(own, -1))
        return self._bounded(lie), clock + 1.0

    def _bounded(self, lie: Tensor) -> Tensor:
        if self.config.radius is None:
            return lie
        most = self.config.radius * self.message_norm
        length = lie.norm(dim=-1, keepdim=True).clamp(min=1e-9)
        return lie * (most * torch.tanh(length / most) / length)
