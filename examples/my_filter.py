"""A filter as a plugin: replaces what is far from its sender's mean message.

psro-comm evaluate --plugin=examples/my_filter.py --task=echo --budget=smoke \
        --attacks=none,noise@4 --filters=none,far@3
"""

from dataclasses import dataclass

import torch

import psro_comm as pc


@dataclass(frozen=True)
class FarConfig(pc.RuleConfig):
    """The settings of `Far`.

    Attributes:
      limit: the largest distance that passes, in mean norms of a clean message.
    """

    limit: float = pc.number(2.0, above=0)


class Far(pc.RuleFilter):
    """x_i = [ |m_i - mean_i| > limit E|m_out| ], g_r = mean_i."""

    kind = "far"
    settings = FarConfig

    def __init__(self, message_size: int, num_agents: int, **settings) -> None:
        super().__init__(message_size, num_agents, **settings)
        self.register_buffer("unit", torch.ones(()))  # stored with the filter

    @classmethod
    def new(cls, setting, config=None):
        """Builds the filter for a game, in the units of its team."""
        made = super().new(setting, config)
        made.replacement.copy_(setting.team.message_mean)
        made.unit.copy_(setting.team.message_norm)
        return made

    def flags(self, messages: torch.Tensor) -> torch.Tensor:
        """Returns which of the messages `[B,N,D]` are too far, `[B,N]` bool."""
        distance = (messages - self.replacement).norm(dim=-1)
        return distance > self.config.limit * self.unit


pc.FILTERS["far"] = pc.Entry(Far, FarConfig, argument="limit")
