"""The base of filters that nobody trains: a rule says which messages are replaced."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Self

import torch
from torch import Tensor, nn

from games.engine.side import Side
from games.engine.strategy import Decision, Verdict
from games.engine.view import FilterView
from oracles.strategies.config import NoConfig
from oracles.strategies.setting import Setting


class RuleFilter(nn.Module):
    """The base of filters that flag by a rule, and replace by one message per sender.

    A subclass has a `kind`, the class of its settings if it has any, and overrides
    `flags`, and `new` if it needs to know the team.
    """

    kind: str
    side = Side.DEFENDER
    memory_size = 0
    observes = False
    settings: type = NoConfig
    replacement: Tensor  # [N,D] what a flagged message of each sender is replaced by

    def __init__(self, message_size: int, num_agents: int, **settings: Any) -> None:
        """Prepares to replace the messages of N agents, `[D]` each, by zero.

        Args:
          message_size: D.
          num_agents: N.
          **settings: fields of the class `settings`.
        """
        super().__init__()
        self.config: Any = self.settings(**settings)
        self.register_buffer("replacement", torch.zeros(num_agents, message_size))

    @classmethod
    def new(cls, setting: Setting, config: Any = None) -> Self:
        """Builds the filter for a game."""
        sizes = setting.team.message_size, setting.env.spec.num_agents
        return cls(*sizes, **asdict(config or cls.settings()))

    @classmethod
    def rebuild(cls, arguments: Mapping[str, Any]) -> Self:
        """Builds the filter that `arguments` describe, without its numbers."""
        return cls(**arguments)

    def arguments(self) -> dict[str, Any]:
        """Returns what `rebuild` needs, as JSON data."""
        num_agents, message_size = self.replacement.shape
        sizes = {"message_size": message_size, "num_agents": num_agents}
        return {**sizes, **asdict(self.config)}

    def reset(self, done: Tensor, generator: torch.Generator) -> None:
        """Does nothing: a rule draws nothing."""

    def flags(self, messages: Tensor) -> Tensor:
        """Returns which messages `[B,N,D]` to replace, `[B,N]` bool."""
        raise TypeError(f"{type(self).__name__} has no `flags`")

    def decide(
        self, view: FilterView, memory: Tensor, generator: torch.Generator
    ) -> Verdict:
        """Flags the messages that the rule names."""
        flag = self.flags(view.messages).to(view.messages.dtype)
        zeros = torch.zeros_like(flag)
        decision = Decision(flag, zeros, zeros, view.alive)
        return Verdict(decision, self.replacement.expand_as(view.messages), memory)
