"""The filter that lets nobody speak."""

import torch
from torch import Tensor

from oracles.strategies.filters.config import MuteConfig
from oracles.strategies.filters.rule import RuleFilter


class MuteFilter(RuleFilter):
    """Replaces every message, by zero unless its settings say otherwise: the floor.

    What the team earns behind it no attack can lower: its value is its worst case. A
    defence that keeps less is worse than none of the talking.
    """

    kind = "mute"
    settings = MuteConfig

    def flags(self, messages: Tensor) -> Tensor:
        """Flags everybody."""
        return torch.ones_like(messages[..., 0], dtype=torch.bool)
