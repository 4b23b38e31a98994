"""The training of teams by PPO, after a first part that imitates a teacher.

PPO alone stops at the level of a team that never talks (relative over-generalisation:
a catch pays only when two agree). So the first part of the budget imitates a teacher
with full information (`oracles.teams.imitation`); the messages learn to carry what the
teacher knows and a lone agent does not. Tasks without a teacher are PPO only.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from torch import Tensor

from games.engine.env import CommEnv
from games.engine.play import collect
from oracles.learning.meter import Meter
from oracles.learning.ppo import decay, ppo_update, set_learning_rate
from oracles.learning.randomness import Log
from oracles.teams.clean_play import clean_stream, measure_messages
from oracles.teams.config import TeamTrainingConfig
from oracles.teams.entropy import Steering
from oracles.teams.imitation import Imitation
from oracles.teams.lies import Lies
from oracles.teams.ppo_learner import TeamLearner
from oracles.teams.teachers import GUIDES, Guide, Teacher
from oracles.teams.thinning import thinning

Checkpoint = Callable[[dict[str, Tensor], dict[str, Any]], None]


def train_team(
    env: CommEnv,
    team: Any,
    config: TeamTrainingConfig,
    *,
    seed: int,
    teacher: Teacher | None = None,
    log: Log | None = None,
    checkpoint: Checkpoint | None = None,
    resume: tuple[Mapping[str, Tensor], Mapping[str, Any]] | None = None,
    lies: Lies | None = None,
) -> None:
    """Trains `team` in place, freezes it and measures its clean messages.

    Every `checkpoint_every` updates a new stream begins, its randomness a function of
    seed and update alone. So a training that continues from a resume point equals one
    that was never stopped (bit for bit on one machine's CPU), without saving a world.

    Args:
      env: the environment.
      team: a backbone with fresh weights, on the environment's device; an `nn.Module`
        that implements `games.engine.team.Team`.
      config: the budget and the learner's settings.
      seed: the seed of the critic's weights, worlds and policies, at least 0.
      teacher: the teacher to imitate; none is PPO from the start.
      log: receives one line of metrics per update.
      checkpoint: receives tensors and facts at every resume point.
      resume: what `checkpoint` received last, to continue from there.
      lies: who lies in the meantime (`oracles.teams.lies`).

    Raises:
      FloatingPointError: a loss is not finite.
      ValueError: attention is to be guided, but there is no guide or no attention.
    """
    learner = TeamLearner(
        env,
        team,
        config.ppo,
        config.critic_hidden,
        seed,
        config.credit,
        _guide(env, team) if config.attention_guided > 0.0 else None,
        config.attention_guided,
    )
    imitation = None
    if teacher is not None:
        length = round(config.imitation_fraction * config.updates)
        imitation = Imitation(teacher, length, config.teacher_prob)
    update = 0
    if resume is not None:
        tensors, facts = resume
        learner.restore(tensors)
        update = int(facts["update"])
        learner.steering = Steering(**facts["steering"])
    first, started = update, time.monotonic()
    while update < config.updates:
        stop = min(config.updates, update + config.checkpoint_every)
        for stats in _segment(
            env, learner, config, seed, imitation, update, stop, lies
        ):
            update += 1
            if log is not None:
                wall_s = time.monotonic() - started
                log(progress_line(config, update, first, wall_s, stats))
        if checkpoint is not None and update < config.updates:
            facts = {"update": update, "steering": asdict(learner.steering)}
            checkpoint(learner.snapshot(), facts)
    team.eval().requires_grad_(False)
    measure_messages(env, team, seed)


def _guide(env: CommEnv, team: Any) -> Guide:
    if env.spec.name not in GUIDES:
        raise ValueError(
            f"training.attention_guided needs a guide: {env.spec.name} has none,"
            f" {', '.join(GUIDES)} has"
        )
    if not hasattr(team, "attend") or team.delay:
        raise ValueError(
            "training.attention_guided needs a backbone that attends, without a delay:"
            f" this one is {team.kind}, delay {team.delay}"
        )
    return GUIDES[env.spec.name](env)


def _segment(
    env: CommEnv,
    learner: TeamLearner,
    config: TeamTrainingConfig,
    seed: int,
    imitation: Imitation | None,
    first: int,
    stop: int,
    lies: Lies | None,
) -> Iterator[dict[str, float]]:
    """Runs updates `first` .. `stop - 1` on a stream of their own; yields metrics."""
    ppo, updates = config.ppo, config.updates
    thin = thinning(learner.team, config.message_dropout)
    stream = clean_stream(env, learner.team, config.num_envs, seed, first, thin, lies)
    imitated = imitation.updates if imitation else 0
    steps = stream.play(imitation.overrule(stream.generator) if imitation else None)
    meter = Meter(config.num_envs, env.device)
    for update in range(first, stop):
        label = None
        if imitation is not None:
            imitation.update = update
        # One step more is played: the critic's value there bootstraps.
        rollout = collect(steps, config.num_steps + 1)
        ended = meter.read(rollout)
        imitating = imitation is not None and imitation.active
        if imitation is not None and (imitating or config.imitation_kept > 0.0):
            label = imitation.label(rollout.timestep)
        left = 1.0 - update / updates * (1.0 - ppo.final_learning_rate)
        set_learning_rate(learner.optimizer, ppo.learning_rate * left)
        progress = max(0, update - imitated) / max(1, updates - imitated)
        stats = ppo_update(
            learner.optimizer,
            partial(
                learner.evaluate,
                imitation=1.0 if imitating else config.imitation_kept,
            ),
            learner.experience(rollout, label, imitating=imitating),
            ppo,
            generator=stream.generator,
            entropy_coef=_entropy_coef(config, learner, progress),
        )
        if config.entropy_target is not None and not imitating:
            fallen = min(1.0, progress / config.entropy_fall)
            target = decay(config.entropy_target, config.final_entropy_target, fallen)
            learner.steering.follow(stats["entropy"], target)
        yield {
            "team/return_mean": ended.mean_return,
            "team/success_mean": ended.success,
            "team/imitating": float(imitating),
            **{f"team/{key}": value for key, value in stats.items()},
        }


def _entropy_coef(
    config: TeamTrainingConfig, learner: TeamLearner, progress: float
) -> float:
    """Returns the entropy's weight after a part `progress` of PPO."""
    if config.entropy_target is not None:
        return learner.steering.coef
    return decay(config.ppo.entropy_coef, config.ppo.final_entropy_coef, progress)


def progress_line(
    config: Any,
    update: int,
    first: int,
    wall_s: float,
    stats: Mapping[str, float],
) -> dict[str, float]:
    """Returns a line of metrics after `update` updates, `first` before a resume.

    `config` is that of any training with `steps_per_update`.
    """
    per_update = config.steps_per_update
    return {
        "update": update,
        "env_steps": update * per_update,
        "wall_s": wall_s,
        "time/steps_per_s": (update - first) * per_update / wall_s,
        **stats,
    }
