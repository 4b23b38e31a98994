"""What a run takes from elsewhere: teams that it did not train, and plugins."""

from collections.abc import Mapping
from typing import Any

from games.engine.env import CommEnv
from oracles.strategies.frozen import Frozen
from oracles.strategies.jobs import freeze_team, thaw_team
from oracles.teams.clean_play import measure_messages
from oracles.teams.elsewhere import TEAMS, backbone_of
from oracles.teams.trial import check_measured, check_verbs
from psro_comm.disk.store import RunStore, StoreError
from psro_comm.lab.lab import Lab
from psro_comm.settings.experiment import ExperimentConfig, describe
from psro_comm.settings.plugins import in_force

_RECORD = "plugins"
_SEED = 0  # of the worlds in which messages are measured


def record_plugins(store: RunStore) -> None:
    """Writes which plugins a run was made with; a run goes on with these alone.

    Raises:
      StoreError: the run was begun with a plugin that is absent now, or another one.
    """
    begun = require_plugins(store)
    known = {each["name"] for each in begun}
    new = [each.to_dict() for each in in_force() if each.name not in known]
    if new:
        store.save_json(_RECORD, [*begun, *new])


def require_plugins(store: RunStore) -> list[dict[str, str]]:
    """Returns the plugins with which a run was made, which must be loaded now.

    Raises:
      StoreError: one is absent now, or has changed.
    """
    now = {each.name: each.sha256 for each in in_force()}
    begun: list[dict[str, str]] = store.load_json(_RECORD) if store.has(_RECORD) else []
    for each in begun:
        name, sha256 = each["name"], each["sha256"]
        if name not in now:
            raise StoreError(
                f"{store.root} was made with the plugin {name!r}: load that, too"
            )
        if now[name] != sha256:
            raise StoreError(
                f"{store.root} was made with another plugin {name!r}: its sha256 was"
                f" {sha256[:12]}, now {now[name][:12]}; use another run"
            )
    return begun


def made_elsewhere(name: str, lab: Lab) -> Frozen:
    """Returns a team of `TEAMS`, which measures its messages in a lab's game.

    Raises:
      ValueError: it is none that can be stored, or not for this game.
    """
    return taken_in(TEAMS[name](lab.env), lab.env, lab.config)


def taken_in(team: Any, env: CommEnv, config: ExperimentConfig) -> Frozen:
    """Returns a team as plain data, its clean messages measured: the same for all runs.

    Args:
      team: an `nn.Module` of a class in `BACKBONES`, with its sizes as `config`.
      env: the environment that it plays in.
      config: an experiment of the task.

    Raises:
      ValueError: it is none that can be stored, or not for this game.
    """
    backbone, sizes = backbone_of(team)
    plain: Mapping[str, Any] = describe(config)
    facts = {
        "task": config.task,
        "backbone_config": sizes,
        "env_config": plain[config.env],
    }
    again = thaw_team(freeze_team(team, backbone, facts), env)
    check_verbs(again, env)
    measure_messages(env, again, _SEED)
    check_measured(again)
    return freeze_team(again, backbone, facts)
