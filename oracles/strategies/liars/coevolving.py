"""Liars that evolve beside the filter that learns from them.

Of the lies that are drawn at random most are found out soon, and the few that are not
are met too seldom to be learnt from. These are bred: whoever hurts and is not suspected
has children, by the filter as it is now.

Source: competitive coevolution (Hillis, 1990), with the fitness of `evolution.py`.
"""

from typing import Any, NamedTuple, Self

import torch
from torch import Tensor
from torch.nn.utils import parameters_to_vector

from games.engine.matches import play_cells
from games.engine.play import Outcome
from games.engine.population import Crowd, members
from games.engine.worlds import make_worlds
from oracles.learning.randomness import draw_seed
from oracles.strategies.attacks.config import FakeConfig
from oracles.strategies.attacks.fake_self import FakeSelf
from oracles.strategies.liars import BRED, RATED
from oracles.strategies.setting import Setting
from oracles.strategies.watching import Watching

UNITS = 4  # of each liar's network
_FIRST = 4 * BRED  # liars who are drawn to begin with
_PARENTS, _NEW = 8, 8  # liars of a generation who stay, and who are drawn afresh
_MUTATION = 0.3  # standard deviation of a child's weights around its parent's


class Bred(NamedTuple):
    """What became of a generation."""

    env_steps: int  # that were played to rate it
    harm: float  # of its parents: returns that they would cost if they were heard
    suspicion: float  # of its parents


class Coevolving:
    """Fakes with a small network each, `FakeSelf`, of whom the fittest have children.

        fitness = mean over the worlds of (quiet - return) (1 - suspicion)

    while the filter only watches (`Watching`); quiet is the return of one who tells the
    truth. The fitter half lies where the filter learns.
    """

    kind = "coevolving"

    def __init__(
        self, setting: Setting, generator: torch.Generator, founders: Tensor
    ) -> None:
        """Draws the first liars.

        Args:
          setting: the game, whose liars know all there is to know.
          generator: the liars' randomness.
          founders: weights of liars that are known, `[F,P]`.
        """
        self.setting, self.generator = setting, generator
        self.policy = new_liar(setting)
        drawn = self._draw(_FIRST)
        self.weights = torch.cat([founders.to(drawn), drawn])
        self.liars = self.weights[:BRED]

    @classmethod
    def after(cls, setting: Setting, generator: torch.Generator, opponent: Any) -> Self:
        """Begins with those members of a filter's opponent that are such liars."""
        own = new_liar(setting)
        truth = parameters_to_vector(own.parameters())
        known = [
            parameters_to_vector(member.parameters())
            for member in members(opponent)
            if isinstance(member, FakeSelf) and _shapes(member) == _shapes(own)
        ]
        founders = torch.stack([truth, *known])[1:].detach()
        return cls(setting, generator, founders)

    @torch.no_grad()
    def breed(self, filter_: Any) -> Bred:
        """Rates all liars by a filter as it is, and lets the fittest have children."""
        truth = torch.zeros_like(self.weights[:1])
        outcome = self._play(filter_, torch.cat([truth, self.weights]))
        harm = outcome.returns[:1] - outcome.returns[1:]
        suspicion = outcome.suspicion[1:]
        fitness = (harm * (1.0 - suspicion)).mean(1)
        ranked = fitness.argsort(descending=True, stable=True)
        parents, best = self.weights[ranked[:_PARENTS]], ranked[:_PARENTS]
        self.liars = self.weights[ranked[: BRED // 2]]
        count = BRED - _PARENTS - _NEW
        whose = torch.randint(
            _PARENTS, (count,), generator=self.generator, device=ranked.device
        )
        children = parents[whose] + _MUTATION * self._draw(count)
        self.weights = torch.cat([parents, children, self._draw(_NEW)])
        steps = int(outcome.length.sum())
        return Bred(steps, float(harm[best].mean()), float(suspicion[best].mean()))

    def seat(self, count: int) -> Any:
        """Returns an attack for some environments, in each of which one liar lies."""
        device = self.liars.device
        whose = torch.randint(
            len(self.liars), (count,), generator=self.generator, device=device
        )
        return Crowd(self.policy, self.liars).seat(whose)

    def _play(self, filter_: Any, weights: Tensor) -> Outcome:
        """Plays each of some liars in the same worlds; the filter watches."""
        setting = self.setting
        worlds = make_worlds(
            *(setting.env.spec, draw_seed(self.generator), 0, RATED),
            *(setting.to_draw, setting.env.device),
        )
        return play_cells(
            setting.env,
            setting.team,
            [Watching(filter_)],
            Crowd(self.policy, weights),
            [(0, c) for c in range(len(weights))],
            setting.threat,
            worlds,
            self.generator,
        )

    def _draw(self, count: int) -> Tensor:
        size = sum(each.numel() for each in self.policy.parameters())
        device = self.setting.env.device
        return torch.randn((count, size), generator=self.generator, device=device)


def new_liar(setting: Setting) -> FakeSelf:
    """Returns a liar of the kind that is bred, who tells the truth."""
    with torch.random.fork_rng(devices=[]):  # its weights are never those drawn here
        liar = FakeSelf.new(setting, FakeConfig(hidden=UNITS))
    return liar.to(setting.env.device)


def _shapes(policy: FakeSelf) -> dict[str, torch.Size]:
    return {name: each.shape for name, each in policy.named_parameters()}
