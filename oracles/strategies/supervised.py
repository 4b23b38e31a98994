"""The oracle of filters that learn from true labels: who has lied in this episode?

Whole episodes are played behind the filter as it is, against liars of many kinds, and
gone back through.
"""

import math
import time
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from games.engine.play import Step, Stream, collect
from games.engine.population import Lineup, members
from games.engine.strategy import NoAttack
from games.engine.tree import map_tensors
from oracles.learning.meter import Meter, pace
from oracles.learning.ppo import set_learning_rate
from oracles.learning.randomness import Log, draw_seed
from oracles.strategies.attacks.config import MadeUpConfig
from oracles.strategies.config import LIARS_SHARES, SupervisedConfig
from oracles.strategies.lessons import Lesson, Objective
from oracles.strategies.liars.coevolving import Bred, Coevolving
from oracles.strategies.liars.made_up import MadeUp
from oracles.strategies.liars.random_fake import RandomFake
from oracles.strategies.liars.taught import Taught
from oracles.strategies.setting import Setting, malicious_agents
from oracles.strategies.task import Task


def train_by_labels(
    policy: Any, task: Task, budget: SupervisedConfig, log: Log | None
) -> None:
    """Trains a filter in place to tell who has lied by now: `ORACLES["supervised"]`.

    Cross-entropy of each living sender at each step, back-propagated through whole
    episodes, and eq. 2's other terms if asked for (`lessons.py`). The liars know all
    there is to know, in training alone.

    Args:
      policy: a filter with `inputs(rollout)` and `unroll(inputs)`, such as
        `TrackingFilter`; with `answer` too, if it is to learn from returns.
      task: the game, and the opponent for the part of the worlds that no liar has.
      budget: environment steps, the shares of opponents, and the learner's settings.
      log: receives one line of metrics per update.
    """
    school = _School.of(task, budget)
    objective = Objective.of(policy, task, budget)
    optimizer = torch.optim.Adam(objective.parameters(), budget.learning_rate)
    cost, bred = budget.num_envs * task.setting.env.spec.episode_limit, 0
    started, update, played = time.monotonic(), 0, school.env_steps
    # A generation takes as many steps as the one before, or fewer.
    while update == 0 or played + cost + bred <= budget.env_steps:
        progress = played / budget.env_steps
        left = 1.0 - progress * (1.0 - budget.final_learning_rate)
        set_learning_rate(optimizer, budget.learning_rate * left)
        generation = school.breed(policy)
        rollout = school.play(objective.player())
        lesson = objective.lesson(rollout)
        stats = _learn(objective, optimizer, lesson, task.generators.policy)
        bred, renewed = generation.env_steps, school.renewed()
        update, played = update + 1, played + cost + bred
        if log is not None:
            log(
                {
                    **pace(update, played, started),
                    **_earned(rollout),
                    **stats,
                    **_found(rollout, lesson.guilty),
                    "filter/bred_harm": generation.harm,
                    "filter/bred_suspicion": generation.suspicion,
                    **renewed,
                }
            )


class _School(NamedTuple):
    """The opponents that a filter learns from, and in what parts of the worlds."""

    setting: Setting  # of training: its liars know all there is to know
    task: Task
    num_envs: int
    attacks: Sequence[Any]
    shares: Sequence[float]  # of the attacks, of each who is taught, of those bred
    bred: Coevolving | None
    taught: Taught | None
    env_steps: int  # that were played before the first lesson

    @classmethod
    def of(cls, task: Task, budget: SupervisedConfig) -> "_School":
        """Makes the liars; where the opponent is nobody, they share its part."""
        threat = replace(task.setting.threat, knowledge="white_box")
        setting = task.setting._replace(threat=threat)
        if budget.redraw:
            setting = setting._replace(malicious=None)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(draw_seed(task.generators.policy))
            made_up = MadeUp.new(setting, MadeUpConfig(budget.families))
            both = made_up, RandomFake.new(setting)
            liars = [liar.to(setting.env.device) for liar in both]
        own = [getattr(budget, name) for name in LIARS_SHARES]
        rest = 1.0 - budget.benign_fraction - sum(own)
        if _is_nobody(task.opponent) and sum(own) > 0.0:
            own = [share * (1.0 + rest / sum(own)) for share in own]
            rest = 0.0
        attacks = NoAttack(), *liars, task.opponent
        shares = [budget.benign_fraction, *own[:2], max(rest, 0.0)]
        bred = taught = None
        steps = 0
        if budget.taught_fraction > 0.0:
            knowing = task._replace(setting=setting)
            taught, steps = Taught.after(knowing, budget.env_steps)
            shares += [own[3] / len(taught.pupils)] * len(taught.pupils)
        if budget.coevolving_fraction > 0.0:
            bred = Coevolving.after(setting, task.generators.policy, task.opponent)
            shares.append(own[2])
        count = budget.num_envs
        return cls(setting, task, count, attacks, shares, bred, taught, steps)

    def renewed(self) -> dict[str, float]:
        """Returns what became of the liars that are taught, some of them new now."""
        return self.taught.renew() if self.taught else {}

    def breed(self, filter_: Any) -> Bred:
        """Lets those liars that are bred have children, by a filter as it is."""
        if self.bred is None:
            return Bred(0, math.nan, math.nan)
        return self.bred.breed(filter_)

    def play(self, policy: Any) -> Step:
        """Plays each world for the length of an episode, behind the filter as it is."""
        setting, generators = self.setting, self.task.generators
        edges = torch.tensor(self.shares, device=setting.env.device).cumsum(0)[:-1]
        uniform = torch.rand(
            self.num_envs, generator=generators.policy, device=edges.device
        )
        seats = torch.bucketize(uniform, edges, right=True)
        for attack in self.attacks:
            if isinstance(attack, MadeUp):
                attack.redraw(generators.policy)
        attacks = [*self.attacks, *(self.taught.pupils if self.taught else ())]
        if self.bred is not None:
            attacks.append(self.bred.seat(int((seats == len(attacks)).sum())))
        stream = Stream(
            *(setting.env, setting.team),
            setting.channel(Lineup(attacks, seats), policy),
            malicious=malicious_agents(setting, self.num_envs, generators.policy),
            world_generator=generators.world,
            generator=generators.policy,
            redraw_malicious=setting.malicious is None,
            log_probs=False,
        )
        return collect(stream.play(), setting.env.spec.episode_limit)


def _is_nobody(opponent: Any) -> bool:
    return all(isinstance(member, NoAttack) for member in members(opponent))


def _learn(
    objective: Objective,
    optimizer: torch.optim.Optimizer,
    lesson: Lesson,
    generator: torch.Generator,
) -> dict[str, float]:
    """Goes through a lesson a few times, in parts by worlds; returns mean losses.

    Raises:
      FloatingPointError: a loss is not finite; the policy is then as it was before.
    """
    policy, budget = objective.policy, objective.budget
    parameters = objective.parameters()
    before, totals = deepcopy(policy.state_dict()), list[dict[str, Tensor]]()
    for _ in range(budget.update_epochs):
        size = lesson.guilty.shape[1]
        order = torch.randperm(size, generator=generator, device=generator.device)
        for part in order.chunk(budget.num_minibatches):
            batch = map_tensors(lambda leaf, part=part: leaf[:, part], lesson)
            loss, stats = objective.loss(batch)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            norm = nn.utils.clip_grad_norm_(parameters, budget.max_grad_norm)
            optimizer.step()
            totals.append({"loss": loss.detach(), "grad_norm": norm, **stats})
    means = torch.stack([torch.stack([*each.values()]) for each in totals]).mean(0)
    found = dict(zip(totals[0], means.tolist(), strict=True))
    if not math.isfinite(found["loss"] + found["grad_norm"]):
        policy.load_state_dict(before)
        raise FloatingPointError(f"training stopped: loss is {found['loss']}")
    return {f"filter/{name}": value for name, value in found.items()}


def _earned(rollout: Step) -> dict[str, float]:
    ended = Meter(rollout.done.shape[1], rollout.done.device).read(rollout)
    return {"team/return_mean": ended.mean_return, "team/success_mean": ended.success}


def _found(rollout: Step, guilty: Tensor) -> dict[str, float]:
    """Returns how many of the guilty and of the honest were flagged."""
    wire, alive = rollout.wire, rollout.timestep.alive
    flagged = wire.defence.active & (wire.defence.choice > 0)
    bad, good = guilty & alive, ~guilty & alive
    sums = torch.stack([(bad & flagged).sum(), bad.sum(), (good & flagged).sum()])
    hits, liars, alarms = sums.tolist()
    honest = int(good.sum())
    return {
        "filter/recall": hits / liars if liars else math.nan,
        "filter/false_positive_rate": alarms / honest if honest else math.nan,
    }
