"""The training of NDQ teams: imitates a teacher, then learns by Q(lambda) as well.

From scratch all that was tried stops at greedy play (36 % on 3bane_vs_hM, RECIPES 6): a
baneling that waits alone only loses. So labels of the teacher come first, and half of
their weight stays. `published()` has NDQ's own settings: replay of whole chunks,
one-step targets, a long epsilon, no teacher.
"""

import time
from collections.abc import Iterator, Mapping
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
from oracles.teams.config import NDQTrainingConfig
from oracles.teams.imitation import Imitation
from oracles.teams.lies import Lies
from oracles.teams.message_cutting import cut_level
from oracles.teams.ndq_learner import NDQLearner, remember
from oracles.teams.replay_buffer import Replay
from oracles.teams.teachers import Teacher
from oracles.teams.thinning import thinning
from oracles.teams.train_ppo import Checkpoint, progress_line


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
    lies: Lies | None = None,
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
            env, learner, replay, config, seed, imitation, update, stop, lies
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
    lies: Lies | None,
) -> Iterator[dict[str, float]]:
    """Runs updates `first` .. `stop - 1` on a stream of their own; yields metrics."""
    thin = thinning(learner.team, config.message_dropout)
    stream = clean_stream(env, learner.team, config.num_envs, seed, first, thin, lies)
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
    """Replaces some actions by the teacher's, and a share `epsilon` by random ones.

    Attributes:
      epsilon: how often each agent takes a random available action.
    """

    def __init__(self, generator: torch.Generator, imitation: Imitation | None) -> None:
        """Takes the policies' randomness, and the imitation whose teacher may act."""
        self.epsilon = 0.0
        self._generator = generator
        self._teacher: Overrule | None = (
            imitation.overrule(generator) if imitation else None
        )

    def __call__(self, timestep: TimeStep, action: Tensor) -> Tensor:
        """Returns the actions to be played, `[B,N]` long."""
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
