"""Trains the team of a run: once, resumable in the middle; then it is frozen."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from games.engine.env import CommEnv
from oracles.strategies.freezing import to_arrays, to_tensors
from oracles.strategies.frozen import Frozen
from oracles.strategies.jobs import freeze_team, thaw_team
from oracles.teams.backbones import make_team
from oracles.teams.teachers import find_teacher
from oracles.teams.trainings import TRAININGS
from psro_comm.disk.differences import completed
from psro_comm.disk.metrics import MetricsWriter
from psro_comm.disk.store import RunStore
from psro_comm.lab.progress import Progress, named, tee
from psro_comm.settings.experiment import PLAYED_BEFORE, ExperimentConfig, describe

_SHOWN = ("team/return_mean",)  # in lines of progress


def require_fitting(team: Frozen, config: ExperimentConfig, env: CommEnv) -> None:
    """Refuses a team of another task, or one that played under other rules.

    Raises:
      ValueError: it may not play here; the reason is named.
    """
    facts = team.facts
    if facts.get("task") != config.task:
        words = f"the team was trained on {facts.get('task')!r}"
        raise ValueError(f"{words}, this run is about {config.task!r}")
    name, plain = config.env, describe(config)
    theirs = {name: facts.get("env_config", plain[name])}
    if completed(theirs, plain, PLAYED_BEFORE)[name] != plain[name]:
        raise ValueError(
            f"the team was trained under {facts['env_config']}, this run plays"
            f" under {plain[name]}"
        )
    thaw_team(team, env)


def pretrain(
    config: ExperimentConfig,
    env: CommEnv,
    store: RunStore,
    metrics: MetricsWriter,
    seed: int,
) -> None:
    """Trains and stores the team, from the last checkpoint on if there is one.

    Args:
      config: the run's configuration.
      env: the environment of the task.
      store: keeps the team and its checkpoints.
      metrics: receives one line per update.
      seed: seed of weights, worlds and policies.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        team = make_team(config.backbone, config.backbone_config, env.spec)
    team = team.to(env.device)
    teacher = find_teacher(env)
    resume = store.load_checkpoint()
    done = int(resume.facts["update"]) if resume else 0
    metrics.forget("team", from_update=done + 1)
    store.set_status("team", done / config.training.updates)

    def keep(tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
        store.save_checkpoint(Frozen(dict(facts), to_arrays(tensors)))

    train = TRAININGS[config.learner].load()
    with named("team"):
        train(
            env,
            team,
            config.training,
            seed=seed,
            teacher=teacher,
            log=tee(
                metrics.logger("team"),
                Progress(
                    "team", config.training.updates - done, show=("team/return_mean",)
                ),
            ),
            checkpoint=keep,
            resume=(to_tensors(resume.tensors), resume.facts) if resume else None,
        )
    store.save_team(freeze_team(team, config.backbone, facts_of_team(config)))


def facts_of_team(config: ExperimentConfig) -> dict[str, Any]:
    """Returns what a team's file says of how the team was made, as JSON data."""
    plain = describe(config)
    return {
        "task": config.task,
        "backbone_config": plain[config.backbone],
        "env_config": plain[config.env],
        "training": plain["training"],
        "seed": config.seed,
    }
