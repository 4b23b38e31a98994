"""The attack whose copies see what nobody saw, another thing each time."""

from typing import NamedTuple

import torch
from torch import Tensor

from games.engine.threat import Threat
from games.engine.view import AttackView
from oracles.strategies.attacks.fake_world import FakeWorld
from oracles.strategies.liars.luck import NUMBERS, Luck, between

_WORLD, _DROPPED = 0.35, 0.2  # shares that see another world, that miss features
_SIZES = 0.1, 2.0  # of what is added to a feature
_DENSITIES = 0.05, 1.0  # shares of the features that are bent


class _Bent(NamedTuple):
    """How an observation is bent all episode long, `[B,K,O]` each."""

    stretch: Tensor  # g
    shift: Tensor  # b


class RandomFake(FakeWorld):
    """Sees o' = (1 + g) o + b, g and b drawn for each liar and episode, or a world.

    Of three kinds: some of the features stretched and shifted, few or many; some of
    them gone, g = -1; and what was seen in another, recorded world.
    """

    kind = "random_fake"

    def __init__(
        self, threat: Threat, message_size: int, *, sizes: list[int], shape: list[int]
    ) -> None:
        """Prepares an empty recording, and to remember g and b; see `FakeWorld`."""
        super().__init__(threat, message_size, sizes=sizes, shape=shape)
        self.own = [FakeWorld.extra, NUMBERS, sizes[1], sizes[1]]
        self.extra = sum(self.own)
        self.memory_size += self.extra - FakeWorld.extra

    def invent(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Bends what was seen, or returns what was seen elsewhere."""
        place, numbers, stretch, shift = memory.split(self.own, -1)
        begun, device = place[..., :1] > 0, memory.device
        elsewhere, place = super().invent(view, place, generator)
        drawn = torch.rand(numbers.shape, generator=generator, device=device)
        numbers = torch.where(begun, numbers, drawn)
        luck = Luck.of(numbers)
        bent = _drawn(luck, view.obs, generator)
        stretch = torch.where(begun, stretch, bent.stretch)
        shift = torch.where(begun, shift, bent.shift)
        seen = (1.0 + stretch) * view.obs + shift
        seen = torch.where(luck.family[..., None] < _WORLD, elsewhere, seen)
        return seen, torch.cat([place, numbers, stretch, shift], -1)

    def offset(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Says what the copy says, at times."""
        step = memory[..., -self.extra + 1]  # before it is counted on
        offset, kept = super().offset(view, memory, generator)
        place = [self.memory_size - self.extra, *self.own]
        luck = Luck.of(kept.split(place, -1)[2])
        speaks = luck.speaks(step, len(self.recorded))[..., None]
        return torch.where(speaks, offset, 0.0), kept


def _drawn(luck: Luck, obs: Tensor, generator: torch.Generator) -> _Bent:
    """Draws how to bend observations `[B,K,O]`."""
    device = obs.device
    odds = torch.rand(obs.shape, generator=generator, device=device)
    normal = torch.randn((2, *obs.shape), generator=generator, device=device)
    touched = odds < between(luck.which, *_DENSITIES)[..., None]
    size = between(luck.size, *_SIZES)[..., None] * touched
    gone = (luck.family < _WORLD + _DROPPED)[..., None]
    stretched = torch.where(luck.one[..., None] < 0.5, size * normal[0], 0.0)
    stretch = torch.where(gone, -touched.to(obs.dtype), stretched)
    return _Bent(stretch, torch.where(gone, 0.0, size * normal[1]))
