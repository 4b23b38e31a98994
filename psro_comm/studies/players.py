"""Finds players by name: the policies that a user means (`player_names.py`)."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from games.engine.side import Side
from games.engine.strategy import NoAttack, NoFilter
from games.engine.threat import Threat
from oracles.strategies.best_response import new_policy
from oracles.strategies.freezing import freeze
from oracles.strategies.frozen import Frozen
from oracles.strategies.jobs import build_setting
from psro_comm.disk.store import RunStore
from psro_comm.lab.lab import Lab, seed_of
from psro_comm.lab.mixed import Mixed
from psro_comm.lab.session import read_run
from psro_comm.names import NO_ATTACK, NO_FILTER
from psro_comm.studies.player_names import Name, read_name

TRAINED = {"attack": "trained-attack", "filter": "trained-filter"}


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
    if read.kind == "mixture":
        return _mixture(lab, store, name, role)
    policy = read.policy or TRAINED[role]
    if policy not in store.policies():
        raise ValueError(
            f"{name!r} has no policy {policy!r}; {store.root} has:"
            f" {', '.join(store.policies()) or 'none'}"
        )
    frozen = store.load_policy(policy)
    _check_role(frozen, name, role)
    _same_threat(lab, frozen, name)
    return Mixed(name, {name: frozen}, np.ones(1))


def _made(lab: Lab, name: str, read: Name, role: str) -> Mixed:
    """Makes an untrained or ready-made player, by the registry of its side."""
    setting, recipe = build_setting(lab.setting()), lab.config.recipe(Side.of(role))
    generator = torch.Generator(setting.env.device).manual_seed(lab.seed("untrained"))
    kind, config = read.kind, read.config
    if kind in ("untrained", recipe.kind):
        kind, config = recipe.kind, recipe.config
    policy = freeze(new_policy(setting, recipe.side, kind, config, generator))
    return Mixed(name, {name: policy}, np.ones(1))


def _mixture(lab: Lab, store: RunStore, name: str, role: str) -> Mixed:
    if not store.has("psro"):
        raise ValueError(f"{name!r}: {store.root} holds no finished R-MACRL run")
    side = "attacker_mixture" if role == "attack" else "defender_mixture"
    weights = {n: w for n, w in store.load_json("psro")[side].items() if w > 0.0}
    policies = {
        f"{store.root.name}/{policy}": _member(store, policy) for policy in weights
    }
    for policy in policies.values():
        _same_threat(lab, policy, name)
    return Mixed(name, policies, np.array(list(weights.values())))


def _member(store: RunStore, policy: str) -> Frozen:
    if policy == NO_ATTACK:
        return freeze(NoAttack())
    if policy == NO_FILTER:
        return freeze(NoFilter())
    return store.load_policy(policy)


def _same_team(lab: Lab, store: RunStore, name: str) -> None:
    theirs = store.load_team()
    task = theirs.facts.get("task")
    if task != lab.config.task:
        raise ValueError(
            f"{name!r} was made for {task}, this is about {lab.config.task}"
        )
    if theirs.digest() != lab.team().digest():
        raise ValueError(
            f"{name!r} was made for another team than that of {lab.store.root};"
            f" use --team={store.root.name}"
        )


def _same_agents(lab: Lab, store: RunStore, name: str) -> None:
    """Refuses an attack whose malicious agents are not those of this run."""
    threat = Threat.from_plain(store.config["threat"])
    seed = seed_of(store.config["seed"], "captured")
    theirs = threat.held(seed, lab.env.spec.num_agents)
    if theirs != lab.malicious():
        raise ValueError(
            f"{name!r} holds agents {theirs}, this run {lab.malicious()}: use"
            " the same --seed, or --threat.malicious"
        )


def _same_threat(lab: Lab, frozen: Frozen, name: str) -> None:
    """Refuses a policy of another threat: a table has the same rules for all."""
    ours = _shared(asdict(lab.config.threat))
    theirs = _shared(frozen.facts.get("threat", ours))
    if ours["knowledge"] == "white_box":  # who was shown less may play as well
        theirs["knowledge"] = "white_box"
    other = [f"{key} {theirs[key]}" for key in ours if theirs[key] != ours[key]]
    if other:
        raise ValueError(
            f"{name!r} was made under another threat ({', '.join(other)});"
            " set the same --threat flags"
        )


def _shared(threat: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the part of a threat that every attacker of a table must share."""
    full = {**asdict(Threat()), **threat}  # older policies lack younger fields
    shared = ("num_malicious", "mode", "mix_weight", "cap", "rate", "knowledge")
    return {key: full[key] for key in shared}


def _check_role(frozen: Frozen, name: str, role: str) -> None:
    if frozen.facts.get("role") != role:
        raise ValueError(f"{name!r} is a {frozen.facts.get('role')}, not a {role}")
