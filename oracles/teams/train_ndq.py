"""Training of NDQ teams: imitation of a teacher, then Q(lambda) that keeps some of it.

From scratch all that was tried stops at greedy play (36 % on 3bane_vs_hM, RECIPES 6): a
baneling that waits alone only loses. So labels of the teacher come first, and half of
their weight stays. `published()` has NDQ's own settings: replay of whole chunks, one
step targets, a long epsilon, no teacher.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from games.engine.env import CommEnv, TimeStep
from games.engine.play import Overrule, collect
from oracles.learning.meter import Meter
from oracles.learning.ppo import set_learning_rate
from oracles.learning.randomness import Log
from oracles.teams.backbones.ndq import NDQ
from oracles.teams.clean_play import clean_stream, measure_messages
from oracles.teams.imitation import Imitation
from oracles.teams.message_cutting import cut_level
from oracles.teams.ndq_learner import NDQLearner, remember
from oracles.teams.q_learning import QConfig
from oracles.teams.replay_buffer import Replay
from oracles.teams.teachers import Teacher
from oracles.teams.train_ppo import Checkpoint, progress_line


@dataclass(frozen=True)
class NDQTrainingConfig:
    """Budget and learner of an NDQ team.

    Attributes:
      env_steps: environment steps, over all environments.
      num_envs: B, environments side by side.
      num_steps: T, steps of a rollout and of backpropagation through time.
      imitation_fraction: part of the budget that imitates the teacher.
      teacher_prob: how often the teacher acts at the start; 0 by the middle of the
        imitation.
      epsilon, final_epsilon: how often an agent acts at random, at the start and at
        `epsilon_steps`.
      epsilon_steps: environment steps over which epsilon falls; 0 for all of them.
      replay: rollouts of single environments that are kept; 0 learns from fresh ones
        alone.
      replay_batch: rollouts drawn from them for each update.
      checkpoint_every: updates between two resume points.
      q: the learner.
    """

    env_steps: int = 1_000_000
    num_envs: int = 512
    num_steps: int = 30
    imitation_fraction: float = 0.6
    teacher_prob: float = 0.6
    epsilon: float = 0.03
    final_epsilon: float = 0.02
    epsilon_steps: int = 0
    replay: int = 0
    replay_batch: int = 32
    checkpoint_every: int = 20
    q: QConfig = field(default_factory=QConfig)

    def __post_init__(self) -> None:
        """Checks ranges."""
        sizes = ("env_steps", "num_envs", "num_steps", "checkpoint_every")
        for name in (*sizes, "replay_batch"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"training.{name} is {getattr(self, name)}, must be at least 1"
                )
        for name in ("epsilon_steps", "replay"):
            if getattr(self, name) < 0:
                raise ValueError(
                    f"training.{name} is {getattr(self, name)}, must be at least 0"
                )
        for name in (
            *("imitation_fraction", "teacher_prob"),
            *("epsilon", "final_epsilon"),
        ):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(
                    f"training.{name} is {getattr(self, name)}, must lie in [0, 1]"
                )
        batch = self.replay_batch if self.replay else self.num_envs
        if batch < self.q.num_minibatches:
            raise ValueError(
                f"training's batch is {batch}, must be at least q.num_minibatches ="
                f" {self.q.num_minibatches}"
            )

    @property
    def updates(self) -> int:
        """Rollouts of the whole training."""
        return max(1, self.env_steps // (self.num_envs * self.num_steps))

    def epsilon_at(self, update: int) -> float:
        """How often agents act at random in rollout `update` (from 0)."""
        over = self.epsilon_steps or self.env_steps
        progress = min(1.0, update * self.num_envs * self.num_steps / over)
        return self.epsilon + (self.final_epsilon - self.epsilon) * progress


def published(episode_limit: int) -> NDQTrainingConfig:
    """The hyper-parameters of NDQ's code for StarCraft, on chunks of an episode.

    Source: TonghanWang/NDQ, its README's StarCraft runs and default configuration.
    """
    return NDQTrainingConfig(
        env_steps=10_050_000,
        num_envs=8,
        num_steps=episode_limit,
        imitation_fraction=0.0,
        teacher_prob=0.0,
        epsilon=1.0,
        final_epsilon=0.05,
        epsilon_steps=50_000,
        replay=5000,
        replay_batch=32,
        checkpoint_every=1000,
        q=QConfig(
            optimizer="rmsprop",
            learning_rate=5e-4,
            final_learning_rate=1.0,
            td_lambda=0.0,
            value_scale=1.0,
            c_beta=0.1,
            comm_beta=1e-4,
            kept_imitation_coef=0.0,
            update_epochs=1,
            num_minibatches=1,
            max_grad_norm=10.0,
            target_every=25,  # 200 episodes, 8 of them in an update
        ),
    )


def train_ndq(
    env: CommEnv,
    team: NDQ,
    config: NDQTrainingConfig,
    *,
    seed: int,
    teacher: Teacher | None = None,
    log: Log | None = None,
    checkpoint: Checkpoint | None = None,
    resume: tuple[Mapping[str, Tensor], Mapping[str, Any]] | None = None,
) -> None:
    """Trains `team` in place, freezes it and measures its clean messages.

    Arguments, resume points and their promise (bit for bit) are those of
    `oracles.teams.train_ppo.train_team`; replay is part of a resume point.

    Raises:
      FloatingPointError: a loss is not finite.
    """
    team.train()
    learner = NDQLearner(env, team, config.q, seed)
    replay = Replay(config.replay)
    imitation = None
    if teacher is not None and config.imitation_fraction > 0.0:
        length = round(config.imitation_fraction * config.updates)
        imitation = Imitation(teacher, length, config.teacher_prob)
    update = 0
    if resume is not None:
        tensors, facts = resume
        learner.restore(tensors)
        replay.restore(tensors)
        update = int(facts["update"])
    first, started = update, time.monotonic()
    while update < config.updates:
        stop = min(config.updates, update + config.checkpoint_every)
        for stats in _segment(
            env, learner, replay, config, seed, imitation, update, stop
        ):
            update += 1
            if log is not None:
                wall_s = time.monotonic() - started
                log(progress_line(config, update, first, wall_s, stats))
        if checkpoint is not None and update < config.updates:
            checkpoint(learner.snapshot() | replay.snapshot(), {"update": update})
    team.eval().requires_grad_(False)
    if team.config.cut_fraction > 0.0:
        team.cut_below.copy_(cut_level(env, team, team.config.cut_fraction, seed))
    measure_messages(env, team, seed)


def _segment(
    env: CommEnv,
    learner: NDQLearner,
    replay: Replay,
    config: NDQTrainingConfig,
    seed: int,
    imitation: Imitation | None,
    first: int,
    stop: int,
) -> Iterator[dict[str, float]]:
    """Updates `first` .. `stop - 1` on a stream of their own; yields metrics."""
    stream = clean_stream(env, learner.team, config.num_envs, seed, first)
    generator = stream.generator
    explorer = Explorer(generator, imitation)
    steps = stream.play(explorer)
    meter = Meter(config.num_envs, env.device)
    for update in range(first, stop):
        explorer.epsilon = config.epsilon_at(update)
        if imitation is not None:
            imitation.update = update
        rollout = collect(steps, config.num_steps + 1)
        ended = meter.read(rollout)
        label = imitation.label(rollout.timestep) if imitation else None
        coef = _imitation_coef(config, imitation)
        memory = replay.add(remember(rollout, label), config.replay_batch, generator)
        left = 1.0 - update / config.updates * (1.0 - config.q.final_learning_rate)
        set_learning_rate(learner.optimizer, config.q.learning_rate * left)
        stats = learner.update(memory, coef, generator)
        if (update + 1) % config.q.target_every == 0:
            learner.copy_to_target()
        yield {
            "team/return_mean": ended.mean_return,
            "team/success_mean": ended.success,
            "team/imitating": float(imitation is not None and imitation.active),
            **{f"team/{key}": value for key, value in stats.items()},
        }


def _imitation_coef(config: NDQTrainingConfig, imitation: Imitation | None) -> float:
    if imitation is None:
        return 0.0
    return config.q.imitation_coef if imitation.active else config.q.kept_imitation_coef


class Explorer:
    """Overrules actions: the teacher now and then, chance `epsilon` of the time.

    Attributes:
      epsilon: how often each agent takes a random available action.
    """

    def __init__(self, generator: torch.Generator, imitation: Imitation | None) -> None:
        """Takes the policies' randomness, and who may overrule besides chance."""
        self.epsilon = 0.0
        self._generator = generator
        self._teacher: Overrule | None = (
            imitation.overrule(generator) if imitation else None
        )

    def __call__(self, timestep: TimeStep, action: Tensor) -> Tensor:
        """What is played, `[B,N]` long."""
        draw = torch.rand(
            timestep.available.shape,
            generator=self._generator,
            device=action.device,
        )
        anything = draw.masked_fill(~timestep.available, -1.0).argmax(-1)
        explores = torch.rand(
            action.shape, generator=self._generator, device=action.device
        )
        action = torch.where(explores < self.epsilon, anything, action)
        return action if self._teacher is None else self._teacher(timestep, action)
