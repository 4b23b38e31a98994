"""The attack that says what the same agent said in another world."""

from typing import Any, Self

import torch
from torch import Tensor

from games.engine.threat import Threat
from games.engine.view import AttackView
from oracles.strategies.attacks.tampering import Tampering
from oracles.strategies.recording import Place, record
from oracles.strategies.setting import Setting


class SwapAttack(Tampering):
    """Says what the same agent said at the same step of another world.

    Each liar draws one of E recorded clean episodes at the start of each of its own,
    and keeps to it: its messages are clean, and follow each other as clean ones do.
    """

    kind = "swap"
    memory_size = 2  # 1 + the episode drawn, 0 before; and the step
    recorded: Tensor  # [T,E,N,D]

    def __init__(
        self, threat: Threat, message_size: int, *, shape: list[int], **settings: Any
    ) -> None:
        """Prepares an empty recording of `shape`, `[T,E,N]`; see `Tampering`."""
        super().__init__(threat, message_size, **settings)
        self.register_buffer("recorded", torch.zeros(*shape, message_size))

    @classmethod
    def new(cls, setting: Setting, config: Any = None) -> Self:
        """Builds it for a game, whose clean messages it listens to."""
        messages = record(setting).without_gaps()
        attack = cls._for(setting, config, shape=list(messages.shape[:-1]))
        attack.recorded.copy_(messages)
        return attack

    def arguments(self) -> dict[str, Any]:
        """Returns what `rebuild` needs, as JSON data."""
        return {**super().arguments(), "shape": list(self.recorded.shape[:-1])}

    def when(self, step: Tensor) -> Tensor:
        """Returns the step of the recording that is said at a step, `[B,K]` long."""
        return step

    def offset(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Moves each message to the recorded one."""
        length, episodes = self.recorded.shape[:2]
        place = Place.next(memory, episodes, generator)
        when = self.when(place.step).clamp(max=length - 1)
        said = self.recorded[when, place.episode, view.agents]
        return said - view.sent, place.memory
