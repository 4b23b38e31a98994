"""The attack that lets the team's own network speak of another world."""

from typing import Any, Self

import torch
from torch import Tensor

from games.engine.threat import Threat
from games.engine.view import AttackView
from oracles.strategies.attacks.impostor import Impostor
from oracles.strategies.recording import Place, record
from oracles.strategies.setting import Setting


class FakeWorld(Impostor):
    """Sees what the same agent saw, step by step, in another world.

    Each liar draws one of E recorded clean episodes at the start of each of its own.
    """

    kind = "fake_world"
    extra = 2  # 1 + the episode drawn, 0 before; and the step
    recorded: Tensor  # [T,E,N,O]

    def __init__(
        self, threat: Threat, message_size: int, *, sizes: list[int], shape: list[int]
    ) -> None:
        """Prepares an empty recording of `shape`, `[T,E,N]`; see `Impostor`."""
        super().__init__(threat, message_size, sizes=sizes)
        self.register_buffer("recorded", torch.zeros(*shape, sizes[1]))

    @classmethod
    def new(cls, setting: Setting, config: Any = None) -> Self:
        """Builds it for a game, whose clean play it watches."""
        seen = record(setting).observed
        sizes, shape = cls.sizes_of(setting), list(seen.shape[:-1])
        attack = cls._for(setting, config, sizes=sizes, shape=shape)
        attack.recorded.copy_(seen)
        return attack

    def arguments(self) -> dict[str, Any]:
        """Returns what `rebuild` needs, as JSON data."""
        return {**super().arguments(), "shape": list(self.recorded.shape[:-1])}

    def invent(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Returns what was seen at this step of the recorded episode."""
        length, episodes = self.recorded.shape[:2]
        place = Place.next(memory, episodes, generator)
        when = place.step.clamp(max=length - 1)
        return self.recorded[when, place.episode, view.agents], place.memory
