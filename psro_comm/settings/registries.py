"""All registries that a plugin may add to, and what may be added."""

import dataclasses
import re
from collections.abc import Mapping, MutableMapping
from typing import Any

from games.engine.registry import Entry
from games.engine.settings import refusal
from games.environments.registry import ENVS
from games.environments.scenes import STAGES
from oracles.strategies.liars import LIARS
from oracles.strategies.registry import ATTACKS, FILTERS, ORACLES
from oracles.teams.backbones import BACKBONES
from oracles.teams.elsewhere import TEAMS
from oracles.teams.teachers import GUIDES, TEACHERS
from oracles.teams.trainings import TRAININGS
from psro_comm.metagame.solvers import META_SOLVERS
from psro_comm.settings.experiment import ExperimentConfig
from psro_comm.settings.fields import leaves
from psro_comm.settings.tasks import TASKS

REGISTRIES: Mapping[str, MutableMapping[str, Any]] = {
    "ATTACKS": ATTACKS,
    "FILTERS": FILTERS,
    "ORACLES": ORACLES,
    "LIARS": LIARS,
    "ENVS": ENVS,
    "STAGES": STAGES,
    "BACKBONES": BACKBONES,
    "TEAMS": TEAMS,
    "TEACHERS": TEACHERS,
    "GUIDES": GUIDES,
    "TRAININGS": TRAININGS,
    "META_SOLVERS": META_SOLVERS,
    "TASKS": TASKS,
}
_KINDS = ("ATTACKS", "FILTERS")  # whose classes say their own names
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TAKEN = ("untrained",)  # a player that no registry has


def check_name(what: str, name: Any) -> None:
    """Refuses what cannot be a name of a registry.

    Raises:
      ValueError: it is none.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in _TAKEN:
        raise refusal(what, name, f"a text like {_NAME.pattern}, not 'untrained'")


def checked_additions(
    before: Mapping[str, Mapping[str, Any]], name: str
) -> dict[str, tuple[str, ...]]:
    """Returns what was added to the registries.

    Raises:
      ValueError: an entry was changed, or is none that the rest can use.
    """
    added = {}
    for registry, entries in REGISTRIES.items():
        old = before[registry]
        changed = [key for key in old if entries.get(key) is not old[key]]
        if changed:
            raise ValueError(
                f"plugin {name!r} changes {registry}[{changed[0]!r}]: it may only add"
            )
        new = tuple(key for key in entries if key not in old)
        for key in new:
            _check_entry(f"plugin {name!r}: {registry}[{key!r}]", registry, key)
        if new:
            added[registry] = new
    if not added:
        raise ValueError(
            f"plugin {name!r} registers nothing: it must add to one of"
            f" {', '.join(REGISTRIES)}"
        )
    names = [leaf.name for leaf in leaves(ExperimentConfig)]
    twice = [each for each in names if names.count(each) > 1]
    if twice:
        raise ValueError(f"plugin {name!r} brings a second setting {twice[0]!r}")
    return added


def _check_entry(where: str, registry: str, key: str) -> None:
    if registry == "TASKS":
        return
    check_name(where, key)
    entry = REGISTRIES[registry][key]
    if not isinstance(entry, Entry):
        raise ValueError(f"{where} is {entry!r}, must be an Entry")
    if entry.config is not None and not dataclasses.is_dataclass(entry.config):
        raise ValueError(f"{where}: its config must be a dataclass")
    if registry in _KINDS:
        kind = getattr(entry.load(), "kind", None)
        if kind != key:
            raise ValueError(f"{where} is of kind {kind!r}, must be of kind {key!r}")
