"""The filter that lets one agent, drawn by lot, not speak."""

import torch
from torch import Tensor

from games.engine.strategy import Verdict
from games.engine.view import FilterView
from oracles.strategies.filters.config import RandomMuteConfig
from oracles.strategies.filters.rule import RuleFilter


class RandomMuteFilter(RuleFilter):
    """Replaces all messages of one sender, drawn anew for each episode.

    The yardstick of a detector: this one is right by chance. Who was drawn stays so
    when it dies; nobody is replaced then.
    """

    kind = "random_mute"
    settings = RandomMuteConfig
    memory_size = 1  # 1 for the sender that was drawn, -1 for others, 0 before

    def decide(
        self, view: FilterView, memory: Tensor, generator: torch.Generator
    ) -> Verdict:
        """Draws a sender, or remembers it, and flags it."""
        batch, agents = view.alive.shape
        drawn = torch.randint(
            agents, (batch, 1), generator=generator, device=memory.device
        )
        mine = torch.arange(agents, device=memory.device) == drawn  # [B,N]
        lot = torch.where(mine, 1.0, -1.0)[..., None].to(memory.dtype)
        kept = torch.where(memory != 0, memory, lot)
        return self.verdict(view, kept[..., 0] > 0, kept)
