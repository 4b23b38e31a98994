"""The filter that looks at the length of a message alone."""

from typing import Any, Self

import torch
from torch import Tensor

from oracles.strategies.filters.config import NormConfig
from oracles.strategies.filters.rule import RuleFilter
from oracles.strategies.setting import Setting


class NormFilter(RuleFilter):
    """Replaces messages that are too long, by their sender's mean unless set otherwise.

        x_i = [ |m_i| > limit E|m_out| ],   g_r = E[m_out_i]

    A yardstick: a trained filter that keeps less has learnt nothing worth its training.
    """

    kind = "norm"
    settings: type = NormConfig
    message_norm: Tensor  # [] mean norm of a clean message

    def __init__(self, message_size: int, num_agents: int, **settings: Any) -> None:
        """Prepares a gate in units of one; see `RuleFilter`."""
        super().__init__(message_size, num_agents, **settings)
        self.register_buffer("message_norm", torch.ones(()))

    @classmethod
    def new(cls, setting: Setting, config: Any = None) -> Self:
        """Builds the gate for a game, whose clean messages it listens to."""
        gate = super().new(setting, config)
        gate.message_norm.copy_(setting.team.message_norm)
        return gate

    def flags(self, messages: Tensor) -> Tensor:
        """Flags what is longer than the limit, and what has no length (NaN)."""
        return ~(messages.norm(dim=-1) <= self.config.limit * self.message_norm)
