"""The filter that never lets one agent speak."""

from collections.abc import Iterable

import torch
from torch import Tensor

from oracles.strategies.filters.config import AlwaysReplaceConfig
from oracles.strategies.filters.rule import RuleFilter
from oracles.strategies.setting import Setting


class AlwaysReplaceFilter(RuleFilter):
    """Replaces every message of one agent, whatever it says.

    What the team earns behind it no lie of that agent can lower: it is the ceiling of
    what detection alone can reach, and a price that a mixture may want to pay at times.
    """

    kind = "always_replace"
    settings = AlwaysReplaceConfig

    def suspects(self, setting: Setting) -> Iterable[int]:
        """Returns the agent."""
        return (self.config.agent,)

    def flags(self, messages: Tensor) -> Tensor:
        """Flags the agent."""
        agents = torch.arange(messages.shape[-2], device=messages.device)
        return (agents == self.config.agent).expand(messages.shape[:-1])
