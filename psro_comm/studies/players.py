"""Finds players by name: the policies that a user means (`player_names.py`)."""

from pathlib import Path

import numpy as np
import torch

from games.engine.side import Side
from games.engine.strategy import NoAttack, NoFilter
from games.engine.threat import Threat
from oracles.strategies.best_response import new_policy
from oracles.strategies.freezing import freeze
from oracles.strategies.frozen import Frozen
from oracles.strategies.jobs import build_setting
from oracles.strategies.registry import strategies
from psro_comm.disk.store import RunStore
from psro_comm.lab.lab import Lab, seed_of
from psro_comm.lab.mixed import Mixed
from psro_comm.lab.session import read_run
from psro_comm.names import NO_ATTACK, NO_FILTER
from psro_comm.settings.fields import replace
from psro_comm.studies.player_names import Name, read_name
from psro_comm.studies.stored_players import check_policy, check_task, members


def find_player(lab: Lab, name: str, role: str, runs_dir: Path) -> Mixed:
    """Returns the player that a user named.

    Args:
      lab: the lab of the game; its team must be the player's.
      name: name of the player, see `studies/player_names.py`.
      role: side of the player, `attack` or `filter`.
      runs_dir: folder of all runs.

    Raises:
      ValueError: no such player, another side's, or one made for another team.
    """
    read = read_name(name, role)
    if read.run is None:
        return _made(lab, name, read, role)
    own = read.run == lab.store.root.name
    store = lab.store if own else read_run(runs_dir, read.run)
    _same_team(lab, store, name)
    if role == "attack":
        _same_agents(lab, store, name)
    weights = members(store, name, read, role)
    policies = {}
    for policy in weights:
        frozen = _member(store, policy)
        check_policy(frozen, name, role, lab.config.threat)
        own_name = f"{store.root.name}/{policy}" if read.kind == "mixture" else name
        policies[own_name] = frozen
    return Mixed(name, policies, np.array(list(weights.values())))


def _made(lab: Lab, name: str, read: Name, role: str) -> Mixed:
    """Makes an untrained or ready-made player, by the registry of its side."""
    setting, recipe = build_setting(lab.setting()), lab.config.recipe(Side.of(role))
    generator = torch.Generator(setting.env.device).manual_seed(lab.seed("untrained"))
    if read.kind in ("untrained", recipe.kind):
        kind, config = recipe.kind, recipe.config
    else:
        kind, settings = read.kind, strategies(recipe.side)[read.kind].config
        config = settings() if settings else None
    if read.settings:
        config = replace(config, read.settings)
    policy = freeze(new_policy(setting, recipe.side, kind, config, generator))
    return Mixed(name, {name: policy}, np.ones(1))


def _member(store: RunStore, policy: str) -> Frozen:
    if policy == NO_ATTACK:
        return freeze(NoAttack())
    if policy == NO_FILTER:
        return freeze(NoFilter())
    return store.load_policy(policy)


def _same_team(lab: Lab, store: RunStore, name: str) -> None:
    check_task(store, name, lab.config.task)
    if store.load_team().digest() != lab.team().digest():
        raise ValueError(
            f"{name!r} was made for another team than that of {lab.store.root};"
            f" use --team={store.root.name}"
        )


def _same_agents(lab: Lab, store: RunStore, name: str) -> None:
    """Refuses an attack whose malicious agents are not those of this run."""
    threat = Threat.from_plain(store.config["threat"])
    seed = seed_of(store.config["seed"], "captured")
    theirs = threat.malicious_agents(seed, lab.env.spec.num_agents)
    if theirs != lab.malicious():
        raise ValueError(
            f"{name!r} was trained for the malicious agents {theirs}, this run has"
            f" {lab.malicious()}: use the same --seed, or --threat.malicious"
        )
