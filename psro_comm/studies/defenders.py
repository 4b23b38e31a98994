"""Defenders that a user names: a filter, and the team that plays behind it.

Half of the field defends the team, not the channel. So a defender may bring a team of
its own: that of the run in its name, unless the run at hand has the same.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from oracles.strategies.frozen import Frozen
from psro_comm.lab.lab import Lab
from psro_comm.lab.mixed import Mixed
from psro_comm.lab.session import read_run
from psro_comm.studies.player_names import read_name
from psro_comm.studies.players import find_player
from psro_comm.studies.stored_players import check_task, filter_named


class Group(NamedTuple):
    """The defenders that share a team, and a lab in which that team plays."""

    team: str  # the run whose team it is
    lab: Lab
    defenders: list[Mixed]


def find_defender(lab: Lab, name: str, runs_dir: Path) -> Mixed:
    """Returns the filter that a user named, with its team where that is another.

    Args:
      lab: the lab of the game.
      name: name of the defender, see `studies/player_names.py`.
      runs_dir: folder of all runs.

    Raises:
      ValueError: there is none, or its team plays another task or by other rules.
    """
    read = read_name(name, "filter")
    if read.home is None or (read.home == lab.store.root.name and not read.team):
        return find_player(lab, name, "filter", runs_dir)
    own = read.home == lab.store.root.name
    store = lab.store if own else read_run(runs_dir, read.home)
    check_task(store, name, lab.config.task)
    try:
        home = lab.playing(store.load_team())
    except ValueError as error:
        raise ValueError(f"{name!r}: {error}") from None
    found = find_player(home, filter_named(store, name), "filter", runs_dir)
    return found._replace(name=name, team=None if home is lab else home.team())


def by_team(lab: Lab, defenders: Sequence[Mixed]) -> list[Group]:
    """Returns the defenders, one group for each team, first those of the run's own."""
    groups = {"": Group(lab.store.root.name, lab, [])}
    for each in defenders:
        mark = "" if each.team is None else each.team.digest()
        if each.team is not None and mark not in groups:
            run = read_name(each.name, "filter").home
            groups[mark] = Group(str(run), lab.playing(each.team), [])
        groups[mark].defenders.append(each)
    return list(groups.values())


def words_of(team: Frozen) -> str:
    """Returns a team's backbone and what was done to make it robust, in words."""
    facts = team.facts
    sizes = facts["backbone_config"]
    parts = [str(facts["backbone"])]
    if not sizes.get("talks", True):
        parts.append("never hears")
    if sizes.get("ensemble"):
        parts.append(f"ensemble over subsets of {sizes['ensemble']}")
    if sizes.get("reliability"):
        parts.append("weighs messages")
    if dropout := facts.get("training", {}).get("message_dropout"):
        parts.append(f"message dropout {dropout:g}")
    if how := facts.get("hardened"):
        parts.append(f"hardened on {how['start']} in {how['rounds']} rounds")
    return ", ".join(parts)
