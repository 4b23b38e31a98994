"""The oracle that needs no gradients: an evolution strategy over a policy's weights.

Source: the cross-entropy method (Rubinstein, 1999), with a smoothed standard deviation.
"""

import copy
import math
import time
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from games.engine.matches import finite, play_cells
from games.engine.play import Outcome
from games.engine.population import Crowd
from games.engine.settings import refusal
from games.engine.side import Side
from oracles.learning.randomness import Log
from oracles.strategies.config import EvolutionConfig
from oracles.strategies.task import Task
from oracles.strategies.watching import Watching

_CLOSE = 0.3  # first deviation of a search that goes on, from something good


@torch.no_grad()
def train_by_es(
    policy: Any, task: Task, budget: EvolutionConfig, log: Log | None
) -> None:
    """Trains a policy in place by an evolution strategy: `ORACLES["es"]`.

    Each generation draws C candidates around the mean, plays all of them in the same W
    fresh worlds, and moves the mean and the standard deviation to the elites, the E
    candidates whose side earned most:

        w_c ~ N(mean, std^2),  fitness_c = mean over the W worlds of sign * return of c
                                           (- evasion * suspicion of c, for an attack)
        mean' = mean of the elites,  std' = s std + (1 - s) * (std of the elites)

    The first mean is the policy as it came. At the end the last mean meets the best
    candidate of all generations in C/2 times W fresh worlds, and the better of the two
    stays: where returns are noisy the best was lucky, on a plateau the mean is lost.
    While the filter only watches (`budget.watching`),

        fitness_c = mean over the W worlds of (quiet - return) (1 - suspicion) of c,

    quiet being the return of the policy as it came: what c would do if it were heard,
    as far as it is. Afterwards the search begins anew at the mean, closer. Scouts
    (`budget.scouts`) are drawn as the first candidates are; the best is the first mean.

    Args:
      policy: an attack or a filter with parameters, such as `AffineAttack`; neither
        gradients nor densities are needed.
      task: the game, the side that learns, its opponent, and at which team return of
        the mean an attack is strong enough.
      budget: environment steps, C, W, E, s and the first std. Only the first generation
        may exceed the steps.
      log: receives one line of metrics per generation, and one of the last match.

    Source: the cross-entropy method; see the module.
    """
    search, lines, free = Search.around(policy, budget), _Lines(task, log), task
    if budget.watching > 0.0:
        if task.side is not Side.ATTACKER:
            words = "0: a filter has nobody who watches it"
            raise refusal("watching", budget.watching, words)
        task = task._replace(opponent=Watching(task.opponent))
        start = search.play(search.mean[None], task, budget.num_envs)
        search.quiet = float(start.returns.mean())
        lines.env_steps += int(start.length.sum())
    search.scout(task, lines)
    vector_to_parameters(search.mean, policy.parameters())
    most = budget.candidates * budget.num_envs * task.setting.env.spec.episode_limit
    # A generation is kept for the last match.
    while lines.update == 0 or lines.env_steps + 2 * most <= budget.env_steps:
        if task is not free and lines.env_steps >= budget.watching * budget.env_steps:
            task = free
            search = Search.around(policy, replace(budget, std=_CLOSE))
        weights = search.draw(task.generators.policy)
        outcome = search.play(weights, task, budget.num_envs)
        elites = search.move(weights, search.fitness(outcome, task.side))
        vector_to_parameters(search.mean, policy.parameters())
        enough, tested = free.enough(policy, lines.update + 1)
        lines.env_steps += tested
        lines.write(outcome, elites, search.std)
        if enough:
            return
    search.quiet = None  # from here on nobody only watches, however short the search
    if lines.env_steps + most <= budget.env_steps:
        finalists = torch.stack([search.mean, search.best])
        worlds = budget.num_envs * budget.candidates // 2
        outcome = search.play(finalists, free, worlds)
        fitness = search.fitness(outcome, task.side)
        first = fitness.argsort(descending=True, stable=True)[:1]
        vector_to_parameters(finalists[first[0]], policy.parameters())
        lines.write(outcome, first, search.std)


@dataclass
class Search:
    """Where an evolution strategy searches: a normal distribution over weights."""

    budget: EvolutionConfig
    policy: Any  # whose weights are sought
    mean: Tensor  # [P], of all weights
    std: Tensor  # [P]
    best: Tensor  # [P], of the candidate of greatest fitness so far
    record: float = -math.inf  # its fitness
    quiet: float | None = None  # the start's return, while the filter only watches

    @classmethod
    def around(cls, policy: Any, budget: EvolutionConfig) -> "Search":
        """Begins at a policy's weights, with the budget's standard deviation."""
        mean = parameters_to_vector(policy.parameters()).clone()
        return cls(budget, policy, mean, torch.full_like(mean, budget.std), mean)

    def scout(self, task: Task, lines: "_Lines") -> None:
        """Rates random policies, if scouts are asked for, and moves close to the best.

        All are rated in a few worlds, then the best C in W.
        """
        budget, limit = self.budget, task.setting.env.spec.episode_limit
        few = max(1, budget.num_envs // 3)
        count = min(budget.scouts, budget.env_steps // 4 // (few * limit))
        if count < 2:
            return
        drawn, rated = self.draw(task.generators.policy, count), list[Tensor]()
        for part in drawn.split(budget.candidates):
            outcome = self.play(part, task, few)
            rated.append(self.fitness(outcome, task.side))
            lines.env_steps += int(outcome.length.sum())
        ranked = torch.cat(rated).argsort(descending=True, stable=True)
        best = drawn[ranked[: budget.candidates]]
        outcome = self.play(best, task, budget.num_envs)
        first = self.move(best, self.fitness(outcome, task.side))
        self.mean, self.std = self.best, torch.full_like(self.std, _CLOSE)
        lines.write(outcome, first, self.std)

    def draw(self, generator: torch.Generator, count: int | None = None) -> Tensor:
        """Draws the weights of some candidates, C if `count` is none, `[count,P]`."""
        shape, device = (
            (count or self.budget.candidates, len(self.mean)),
            self.mean.device,
        )
        noise = torch.randn(shape, generator=generator, device=device)
        return self.mean + self.std * noise

    def play(self, weights: Tensor, task: Task, num_worlds: int) -> Outcome:
        """Plays at most C candidates in the same worlds, which none has met before.

        Args:
          weights: the candidates', `[c,P]`.
          task: the game, the side that plays, and its opponent.
          num_worlds: W.

        Returns:
          An outcome whose leaves are `[c,W]`.
        """
        setting, opponent, numbers = task.setting, [task.opponent], range(len(weights))
        players = self._players(weights)
        if task.side is Side.ATTACKER:
            sides, cells = (opponent, players), [(0, c) for c in numbers]
        else:
            sides, cells = (players, opponent), [(c, 0) for c in numbers]
        played = play_cells(
            *(setting.env, setting.team, *sides, cells, setting.threat),
            task.fresh_worlds(num_worlds),
            task.generators.policy,
        )
        return finite(played, setting.env)

    def _players(self, weights: Tensor) -> Any:
        """Returns the policy with each of these weights, `[c,P]`."""
        if getattr(self.policy, "broadcasts", False):
            return Crowd(self.policy, weights)
        players = [copy.deepcopy(self.policy) for _ in weights]
        for player, own in zip(players, weights, strict=True):
            vector_to_parameters(own, player.parameters())
        return players

    def fitness(self, outcome: Outcome, side: Side) -> Tensor:
        """Returns what each candidate earned for its side in an outcome, `[c]`."""
        if self.quiet is not None:
            harm = self.quiet - outcome.returns
            return (harm * (1.0 - outcome.suspicion)).mean(1)
        earned = side.sign * outcome.returns
        if side is Side.ATTACKER:
            earned = earned - self.budget.evasion * outcome.suspicion
        return earned.mean(1)

    def move(self, weights: Tensor, fitness: Tensor) -> Tensor:
        """Moves towards the fittest of `weights` `[C,P]`; returns who they are, `[E]`.

        Args:
          weights: the candidates'.
          fitness: `[C]`, the more the better. Of equals, the first are taken.
        """
        budget = self.budget
        first = fitness.argsort(descending=True, stable=True)[: budget.elites]
        elites, kept = weights[first], budget.smoothing
        self.mean = elites.mean(0)
        self.std = kept * self.std + (1.0 - kept) * elites.std(0, correction=0)
        if float(fitness[first[0]]) > self.record:
            self.record, self.best = float(fitness[first[0]]), elites[0]
        return first


@dataclass
class _Lines:
    """The log of a search: counts what was played, and writes one line for each."""

    task: Task
    log: Log | None
    update: int = 0
    env_steps: int = 0
    started: float = field(default_factory=time.monotonic)

    def write(self, outcome: Outcome, elites: Tensor, std: Tensor) -> None:
        """Counts an outcome `[c,W]` of some candidates; `elites` are the best of them.

        `team/return_mean` is of all candidates, `elite_return_mean` of the best.
        """
        self.update += 1
        self.env_steps += int(outcome.length.sum())
        if self.log is None:
            return
        area, seconds = self.task.side.strategy, time.monotonic() - self.started
        self.log(
            {
                "update": self.update,
                "env_steps": self.env_steps,
                "wall_s": seconds,
                "time/steps_per_s": self.env_steps / seconds,
                "team/return_mean": float(outcome.returns.mean()),
                "team/success_mean": float(outcome.success.mean()),
                f"{area}/elite_return_mean": float(outcome.returns[elites].mean()),
                f"{area}/std": float(std.mean()),
                "attack/distortion": float(outcome.distortion.mean()),
                "filter/suspicion": float(outcome.suspicion.mean()),
            }
        )
