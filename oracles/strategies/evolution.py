"""The oracle that needs no gradients: an evolution strategy over a policy's weights.

Source: the cross-entropy method (Rubinstein, 1999), with the smoothed standard
deviation of "Linear ES", the search of our own study.
"""

import copy
import time
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from games.engine.matches import play_cells
from games.engine.play import Outcome
from games.engine.side import Side
from games.engine.worlds import Worlds, make_worlds
from oracles.learning.randomness import Log
from oracles.strategies.config import EvolutionConfig
from oracles.strategies.learner import TEST_EVERY, Task


@torch.no_grad()
def train_by_es(
    policy: Any, task: Task, budget: EvolutionConfig, log: Log | None
) -> None:
    """Trains a policy in place by an evolution strategy: `ORACLES["es"]`.

    Each generation draws C candidates around the mean, plays all of them in the same W
    fresh worlds, and moves the mean and the standard deviation to the elites, the E
    candidates whose side earned most:

        w_c ~ N(mean, std^2),  fitness_c = sign * (return of c, mean over the W worlds)
        mean' = mean of the elites,  std' = s std + (1 - s) * (std of the elites)

    The policy begins as the first mean and ends as the last one. No density is needed,
    and no gradient: any policy with `parameters()` will do. A further generation is
    played only if it cannot exceed `env_steps`; the first is always played.

    Args:
      policy: an attack or a filter with parameters, such as `AffineAttack`.
      task: the game, the side that learns, its opponent, and at which team return of
        the mean an attack is strong enough.
      budget: environment steps, C, W, E, s and the first std.
      log: receives one line of metrics per generation: `env_steps` played so far,
        `team/return_mean` of all candidates, and of the elites alone.

    Source: the cross-entropy method; see the module.
    """
    search = Search.around(policy, budget)
    worst = budget.candidates * budget.num_envs * task.setting.env.spec.episode_limit
    played, generation, started = 0, 0, time.monotonic()
    while generation == 0 or played + worst <= budget.env_steps:
        weights = search.draw(task.generators.policy)
        outcome = search.play(weights, task)
        returns = outcome.returns.mean(1)
        best = search.move(weights, task.side.sign * returns)
        vector_to_parameters(search.mean, policy.parameters())
        generation += 1
        played += int(outcome.length.sum())
        if log is not None:
            area = task.side.strategy
            log(
                {
                    "update": generation,
                    "env_steps": played,
                    "wall_s": time.monotonic() - started,
                    "time/steps_per_s": played / (time.monotonic() - started),
                    "team/return_mean": float(returns.mean()),
                    "team/success_mean": float(outcome.success.mean()),
                    f"{area}/elite_return_mean": float(returns[best].mean()),
                    f"{area}/std": float(search.std.mean()),
                    "attack/distortion": float(outcome.distortion.mean()),
                }
            )
        if task.stop is None or generation % TEST_EVERY:
            continue
        if task.test_return(task.channel(policy)) <= task.stop:
            break


@dataclass
class Search:
    """Where an evolution strategy searches: a normal distribution over weights."""

    budget: EvolutionConfig
    seats: list[Any]  # C copies of the policy, which the candidates' weights are put in
    mean: Tensor  # [P], of all weights
    std: Tensor  # [P]

    @classmethod
    def around(cls, policy: Any, budget: EvolutionConfig) -> "Search":
        """Begins at a policy's weights, with the budget's standard deviation."""
        mean = parameters_to_vector(policy.parameters()).clone()
        seats = [copy.deepcopy(policy) for _ in range(budget.candidates)]
        return cls(budget, seats, mean, torch.full_like(mean, budget.std))

    def draw(self, generator: torch.Generator) -> Tensor:
        """Draws the weights of C candidates, `[C,P]`."""
        shape, device = (len(self.seats), len(self.mean)), self.mean.device
        noise = torch.randn(shape, generator=generator, device=device)
        return self.mean + self.std * noise

    def play(self, weights: Tensor, task: Task) -> Outcome:
        """Plays each candidate in the same fresh worlds; leaves are `[C,W]`."""
        for seat, own in zip(self.seats, weights, strict=True):
            vector_to_parameters(own, seat.parameters())
        setting, opponent = task.setting, [task.opponent]
        numbers = range(len(self.seats))
        if task.side is Side.ATTACKER:
            sides, cells = (opponent, self.seats), [(0, c) for c in numbers]
        else:
            sides, cells = (self.seats, opponent), [(c, 0) for c in numbers]
        return play_cells(
            *(setting.env, setting.team, *sides, cells, setting.threat),
            self._worlds(task),
            task.generators.policy,
        )

    def move(self, weights: Tensor, fitness: Tensor) -> Tensor:
        """Moves towards the fittest of `weights` `[C,P]`; returns who they are, `[E]`.

        Args:
          weights: the candidates'.
          fitness: `[C]`, the more the better. Of equals, the first are taken.
        """
        budget = self.budget
        best = fitness.argsort(descending=True, stable=True)[: budget.elites]
        elites, kept = weights[best], budget.smoothing
        self.mean = elites.mean(0)
        self.std = kept * self.std + (1.0 - kept) * elites.std(0, correction=0)
        return best

    def _worlds(self, task: Task) -> Worlds:
        """Makes W worlds that no earlier generation has met."""
        setting, world = task.setting, task.generators.world
        device = setting.env.device
        seed = int(torch.randint(2**31, (1,), generator=world, device=device))
        return make_worlds(
            *(setting.env.spec, seed, 0, self.budget.num_envs, setting.to_draw), device
        )
