"""The base of filters that nobody trains: a rule says which messages are replaced."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Self

import torch
from torch import Tensor, nn

from games.engine.side import Side
from games.engine.strategy import Decision, Verdict
from games.engine.view import FilterView
from oracles.strategies.filters.config import RuleConfig
from oracles.strategies.filters.replacing import replacement
from oracles.strategies.setting import Setting


class RuleFilter(nn.Module):
    """The base of filters that flag by a rule, and replace by one message per sender.

    A subclass has a `kind`, the class of its settings if it has any, and overrides
    `flags`; `repaired`, if it does not replace by the message that the field `replace`
    of its settings says; and `new`, if it needs to know more of the team.
    """

    kind: str
    side = Side.DEFENDER
    memory_size = 0
    observes = False
    settings: type = RuleConfig
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
        """Builds the filter for a game.

        Raises:
          ValueError: it is not for that many agents.
        """
        config = config or cls.settings()
        sizes = setting.team.message_size, setting.env.spec.num_agents
        config.check_agents(sizes[1])
        rule = cls(*sizes, **asdict(config))
        how = getattr(config, "replace", "zero")
        rule.replacement.copy_(replacement(how, setting, rule.suspects(setting)))
        return rule

    @classmethod
    def rebuild(cls, arguments: Mapping[str, Any]) -> Self:
        """Builds the filter that `arguments` describe, without its numbers."""
        return cls(**arguments)

    def arguments(self) -> dict[str, Any]:
        """Returns what `rebuild` needs, as JSON data.

        `replace` is left out where it is the default: the first filters said nothing of
        it, and keep their digest.
        """
        num_agents, message_size = self.replacement.shape
        sizes = {"message_size": message_size, "num_agents": num_agents}
        own, default = asdict(self.config), asdict(self.settings())
        if own.get("replace") == default.get("replace"):
            own.pop("replace", None)
        return {**sizes, **own}

    def reset(self, done: Tensor, generator: torch.Generator) -> None:
        """Does nothing: what is drawn is kept in the memory."""

    def suspects(self, setting: Setting) -> Iterable[int]:
        """Returns for whom a constant is worth a search: here, who may lie."""
        return setting.malicious or range(setting.env.spec.num_agents)

    def flags(self, messages: Tensor) -> Tensor:
        """Returns which messages `[B,N,D]` to replace, `[B,N]` bool."""
        raise ValueError(f"{type(self).__name__} has no `flags`")

    def repaired(self, view: FilterView) -> Tensor:
        """Returns what flagged messages are replaced by, `[B,N,D]`."""
        return self.replacement.expand_as(view.messages)

    def decide(
        self, view: FilterView, memory: Tensor, generator: torch.Generator
    ) -> Verdict:
        """Flags the messages that the rule names."""
        flags = self.flags(view.messages)
        if flags.shape != view.alive.shape:
            shapes = f"{list(flags.shape)}, must be {list(view.alive.shape)}"
            raise ValueError(f"filter {self.kind!r}: flags has shape {shapes}")
        return self.verdict(view, flags, memory)

    def verdict(self, view: FilterView, flags: Tensor, memory: Tensor) -> Verdict:
        """Returns the answer that flags `[B,N]` bool for certain."""
        zeros = torch.zeros_like(view.messages[..., 0])
        decision = Decision(flags.to(zeros.dtype), zeros, zeros, view.alive)
        return Verdict(decision, self.repaired(view), memory)
