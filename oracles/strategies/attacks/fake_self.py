"""The attack that lets the team's own network speak of what it did not quite see."""

import math
from typing import Any, Self

import torch
from torch import Tensor, nn

from games.engine.threat import Threat
from games.engine.view import AttackView
from oracles.learning.nets import StackedMLP, squash
from oracles.strategies.attacks.config import FakeConfig
from oracles.strategies.attacks.impostor import Impostor
from oracles.strategies.setting import Setting


class FakeSelf(Impostor):
    """Sees every number of an observation stretched and shifted, always the same way.

        o' = (1 + scale * g) o + scale * (b + f(o, t / T, m_in))

    Each of the K malicious agents has its own g and b, `[K,O]`, zero at the start,
    which tells the truth. f is a tanh network of one hidden layer, zero at the start,
    and absent where `hidden` is 0; t counts the steps that the agent has lived, of T
    at most. It draws nothing and has no density, so that PPO cannot train it; the
    oracle `es` can.
    """

    kind = "fake_self"
    settings = FakeConfig
    broadcasts = True
    extra = 1  # t

    def __init__(
        self,
        threat: Threat,
        message_size: int,
        *,
        sizes: list[int],
        heard_size: int = 0,
        episode_limit: int = 0,
        **settings: Any,
    ) -> None:
        """Prepares copies that see what is there.

        Args:
          threat, message_size, sizes, **settings: see `Impostor`.
          heard_size, episode_limit: of m_in, and T; needed by f alone.
        """
        super().__init__(threat, message_size, sizes=sizes, **settings)
        shape = threat.num_malicious, sizes[1]
        self.stretch = nn.Parameter(torch.zeros(shape))  # g
        self.shift = nn.Parameter(torch.zeros(shape))  # b
        self.known = {"heard_size": heard_size, "episode_limit": episode_limit}
        if self.config.hidden:
            widths = sizes[1] + 1 + heard_size, self.config.hidden, sizes[1]
            self.net = StackedMLP(shape[0], widths, last_gain=0.0)

    @classmethod
    def new(cls, setting: Setting, config: Any = None) -> Self:
        """Builds it for a game; see `Tampering.new`."""
        known = {}
        if config is not None and config.hidden:
            limit = setting.env.spec.episode_limit
            known = {"heard_size": setting.team.heard_size, "episode_limit": limit}
        return cls._for(setting, config, sizes=cls.sizes_of(setting), **known)

    def arguments(self) -> dict[str, Any]:
        """Returns what `rebuild` needs, as JSON data.

        Without a network it says nothing of one: so a lie that is older than networks
        keeps its digest.
        """
        plain = super().arguments()
        if self.config.hidden:
            return {**plain, **self.known}
        return {name: value for name, value in plain.items() if name != "hidden"}

    def invent(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Stretches and shifts what was seen."""
        bent = view.obs * self.stretch + self.shift
        if self.config.hidden:
            clock = memory / self.known["episode_limit"]
            told = torch.cat([view.obs, clock, squash(view.m_in)], -1)
            # A weight of 1 for each of many inputs would saturate every unit.
            bent = bent + self.net(told / math.sqrt(told.shape[-1]))
        return view.obs + self.config.scale * bent, memory + 1.0
