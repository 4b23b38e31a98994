"""Jobs: trainings and matches as plain data, to be run in any process.

A job holds names, numbers and arrays only, so its result depends on the job alone:
not on the process that ran it, nor on what ran before.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch

from games.engine.matches import play_cells
from games.engine.threat import Threat
from games.engine.worlds import make_worlds
from games.environments.registry import make_env
from oracles.learning.randomness import Log
from oracles.strategies.best_response import best_response, new_policy
from oracles.strategies.config import Recipe
from oracles.strategies.freezing import (
    filled,
    freeze,
    thaw,
    thaw_mixture,
    to_arrays,
)
from oracles.strategies.frozen import Frozen
from oracles.strategies.setting import Setting
from oracles.teams.backbones import make_team


class SettingData(NamedTuple):
    """A `Setting` (the game without its two sides) as plain data."""

    env: str
    env_config: dict[str, Any]
    team: Frozen  # its facts are the backbone and its config
    threat: Threat
    malicious: tuple[int, ...] | None
    device: str


class TrainingJob(NamedTuple):
    """The data of one best response to train."""

    name: str
    setting: SettingData
    opponents: tuple[Frozen, ...]
    weights: tuple[float, ...]  # the opponents' mixture
    recipe: Recipe
    seed: int
    untrained: bool = False  # no training: the policy that a population starts with
    start: Frozen | None = None  # a policy of the same configuration to start from


class MatchJob(NamedTuple):
    """The data of a block of worlds in which all cells are played."""

    setting: SettingData
    filters: tuple[Frozen, ...]
    attacks: tuple[Frozen, ...]
    cells: tuple[tuple[int, int], ...]
    world_seed: int
    first_world: int
    num_worlds: int
    num_envs: int
    seed: int


def freeze_team(team: Any, backbone: str, facts: Mapping[str, Any]) -> Frozen:
    """Turns a trained team into plain data; `facts` are its task and its making."""
    facts = {"role": "team", "backbone": backbone, **facts}
    return Frozen(facts, to_arrays(team.state_dict()))


def thaw_team(frozen: Frozen, env: Any) -> Any:
    """Builds the team that frozen data describe, for `env`, in evaluation mode.

    Raises:
      ValueError: its weights do not fit this environment.
    """
    backbone = frozen.facts["backbone"]
    sizes = frozen.facts["backbone_config"]
    try:
        team = filled(lambda: make_team(backbone, sizes, env.spec), frozen.tensors)
    except ValueError as error:
        where = f"{frozen.source}: " if frozen.source else ""
        trained_on = frozen.facts.get("task", "another task")
        raise ValueError(
            f"{where}the team was trained on {trained_on} and does not fit"
            f" {env.spec.name}: {error}"
        ) from error
    return team.to(env.device).eval().requires_grad_(False)


def build_setting(data: SettingData) -> Setting:
    """Builds the game that plain data describe."""
    env = make_env(data.env, data.env_config, device=data.device)
    return Setting(env, thaw_team(data.team, env), data.threat, data.malicious)


def run_training(
    job: TrainingJob, log: Log | None = None
) -> tuple[Frozen, list[dict[str, float]]]:
    """Trains the best response of a job.

    Returns:
      The frozen policy and its metrics, one line per update.

    Source: paper alg. 1, line 7.
    """
    setting = build_setting(job.setting)
    device = setting.env.device
    if job.untrained:
        generator = torch.Generator(device).manual_seed(job.seed)
        return freeze(new_policy(setting, *job.recipe[:3], generator)), []
    lines: list[dict[str, float]] = []

    def record(values: Mapping[str, float]) -> None:
        lines.append(dict(values))
        if log is not None:
            log(values)

    opponent = thaw_mixture(job.opponents, job.weights, device)
    start = None if job.start is None else thaw(job.start, device)
    policy = best_response(
        *(setting, job.recipe, opponent), seed=job.seed, log=record, start=start
    )
    return freeze(policy), lines


def run_matches(job: MatchJob) -> dict[str, np.ndarray]:
    """Plays the cells of a job.

    Returns:
      `returns`, `success`, `length`, `distortion`, each float64 `[cells, worlds]`.

    Source: paper alg. 1, lines 2 and 10.
    """
    setting = build_setting(job.setting)
    device = setting.env.device
    worlds = make_worlds(
        setting.env.spec,
        job.world_seed,
        job.first_world,
        job.num_worlds,
        # If agents are drawn in each episode, the world defines which.
        setting.threat.num_malicious
        if job.setting.malicious is None
        else job.setting.malicious,
        device,
    )
    outcome = play_cells(
        setting.env,
        setting.team,
        [thaw(policy, device) for policy in job.filters],
        [thaw(policy, device) for policy in job.attacks],
        job.cells,
        setting.threat,
        worlds,
        torch.Generator(device).manual_seed(job.seed),
        num_envs=job.num_envs,
    )
    return {
        name: leaf.double().cpu().numpy()
        for name, leaf in zip(outcome._fields, outcome, strict=True)
    }
