"""Writes and reads gameanalysis' JSON of role-symmetric games.

    {"players": {"attacker": 1, "defender": 1},
     "strategies": {"attacker": ["x", "y"], "defender": ["a"]},
     "profiles": [{"attacker": [["x", 1, -4.0]], "defender": [["a", 1, 4.0]]}, ...],
     "type": "game.1"}

In a `samplegame.1` a payoff is a list, one number for each observation of the profile.
"""

import string
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from psro_comm.metagame.formats.numbers import json_number
from psro_comm.metagame.formats.options import Options
from psro_comm.metagame.formats.zero_sum import NotConstantSumError, centred
from psro_comm.metagame.meta_game import MetaGame

_ROLES = ("defender", "attacker")
_LEGAL = frozenset(string.printable) - frozenset(";,")  # in names of strategies


def is_role_symmetric(data: Any) -> bool:
    """Returns whether JSON data are meant to be such a game."""
    return isinstance(data, Mapping) and "profiles" in data


def to_role_symmetric(game: MetaGame) -> dict[str, Any]:
    """Returns the game as gameanalysis reads it, with every world where known.

    Standard errors without worlds have no place there.

    Raises:
      ValueError: a name with a semicolon, a comma or a letter beyond ASCII.
    """
    sides = dict(zip(_ROLES, (game.defenders, game.attackers), strict=True))
    for name in (name for names in sides.values() for name in names):
        if not _LEGAL.issuperset(name):
            raise ValueError(f"gameanalysis takes ASCII without , and ;, not {name!r}")
    profiles = []
    for i, j in np.ndindex(*game.mean.shape):
        paid: Any = float(game.mean[i, j])
        if game.returns is not None:
            worlds = game.returns[i, j]
            paid = worlds[~np.isnan(worlds)].tolist()
        lost = [-u for u in paid] if isinstance(paid, list) else -paid
        cell = (game.defenders[i], 1, paid), (game.attackers[j], 1, lost)
        profiles.append(
            {role: [list(one)] for role, one in zip(_ROLES, cell, strict=True)}
        )
    return {
        "players": dict.fromkeys(_ROLES, 1),
        "strategies": {role: list(names) for role, names in sides.items()},
        "profiles": profiles,
        "type": "game.1" if game.returns is None else "samplegame.1",
    }


def from_role_symmetric(
    data: Mapping[str, Any],
    title: str,
    options: Options = Options(),  # noqa: B008
) -> MetaGame:
    """Returns the zero-sum game of two roles with one player each.

    The row player is the role that the options name, or else `defender`, or else the
    first of the alphabet, as gameanalysis orders them. Of a constant-sum game half of
    the sum is taken off.

    Raises:
      ValueError: other roles, a profile twice or not there, a payoff that is missing,
        payoffs that do not sum to a constant, or a form of profiles that is not read.
    """
    players, strategies = _described(data)
    if sorted(players.values()) != [1, 1]:
        raise NotConstantSumError(
            f"it must have two roles of one player, not {players}"
        )
    first, second, notes = _ordered(players, options)
    rows, cols = tuple(strategies[first]), tuple(strategies[second])
    cells: dict[tuple[int, int], tuple[np.ndarray, np.ndarray]] = {}
    for profile in data["profiles"]:
        entries = _entries(profile)
        (row, paid), (col, lost) = (
            _one(entries, role, strategies[role]) for role in (first, second)
        )
        place = rows.index(row), cols.index(col)
        if place in cells:
            raise ValueError(f"the profile {(row, col)} is there twice")
        if paid.shape != lost.shape:
            raise ValueError(f"the profile {(row, col)} has not as many payoffs a role")
        cells[place] = paid, lost
    for place in np.ndindex(len(rows), len(cols)):
        if place not in cells:
            raise ValueError(f"it lacks the profile {(rows[place[0]], cols[place[1]])}")
    paid, lost = (
        np.concatenate([pair[side] for pair in cells.values()]) for side in (0, 1)
    )
    payoffs, said = centred(paid, lost, options)
    ends = np.cumsum([len(paid) for paid, _ in cells.values()])[:-1]
    parts = dict(zip(cells, np.split(payoffs, ends), strict=True))
    return _game(rows, cols, parts, title, (*notes, *said))


def _ordered(
    players: Mapping[str, int], options: Options
) -> tuple[str, str, list[str]]:
    """Returns the roles of the row and of the column player, and notes."""
    wanted = options.row_role
    if wanted is not None and wanted not in players:
        roles = ", ".join(map(repr, sorted(players)))
        raise ValueError(f"row_role is {wanted!r}, the file's roles are {roles}")
    ours = set(players) == set(_ROLES)
    first = wanted or (_ROLES[0] if ours else min(players))
    second = next(role for role in players if role != first)
    if ours and first == _ROLES[0]:
        return first, second, []
    said = f"the row player, who maximises, is the role {first!r}; the other {second!r}"
    return first, second, [said if wanted else f"{said} (--row_role chooses)"]


def _game(
    rows: tuple[str, ...],
    cols: tuple[str, ...],
    cells: Mapping[tuple[int, int], np.ndarray],
    title: str,
    notes: tuple[str, ...],
) -> MetaGame:
    """Returns the game, with standard errors and worlds where there are enough."""
    shape = len(rows), len(cols)
    counts = np.array([cells[place].size for place in np.ndindex(shape)]).reshape(shape)
    mean = np.array([cells[p].mean() for p in np.ndindex(shape)]).reshape(shape)
    if counts.min() < 2:
        return MetaGame(rows, cols, mean, title=title, notes=notes)
    spread = [cells[p].std(ddof=1) for p in np.ndindex(shape)]
    std_error = np.array(spread).reshape(shape) / np.sqrt(counts)
    returns = None
    if counts.min() == counts.max():
        returns = np.stack([cells[p] for p in np.ndindex(shape)]).reshape(*shape, -1)
    return MetaGame(rows, cols, mean, std_error, counts, returns, title, notes)


def _described(
    data: Mapping[str, Any],
) -> tuple[dict[str, int], dict[str, Sequence[str]]]:
    """Returns players and strategies by role, from gameanalysis or EGTA Online."""
    if "roles" in data:
        roles = data["roles"]
        players = {role["name"]: role["count"] for role in roles}
        return players, {role["name"]: role["strategies"] for role in roles}
    absent = {"players", "strategies"} - set(data)
    if absent:
        raise ValueError(f"it lacks {sorted(absent)}")
    return dict(data["players"]), dict(data["strategies"])


def _entries(profile: Mapping[str, Any]) -> dict[str, list[Sequence[Any]]]:
    """Returns `{role: [(strategy, count, payoffs)]}` of one profile."""
    if "observations" in profile:
        raise ValueError("observations by player are not read: `ga conv game` first")
    if "symmetry_groups" not in profile:
        return dict(profile)
    found: dict[str, list[Sequence[Any]]] = {}
    for group in profile["symmetry_groups"]:
        entry = (group["strategy"], group["count"], group["payoff"])
        found.setdefault(group["role"], []).append(entry)
    return found


def _one(
    entries: Mapping[str, Sequence[Sequence[Any]]], role: str, known: Sequence[str]
) -> tuple[str, np.ndarray]:
    """Returns the strategy and the payoffs of a role of one player."""
    if len(entries.get(role, ())) != 1 or len(entries[role][0]) != 3:
        raise ValueError(f"a profile has {entries.get(role)!r} of {role!r}")
    strategy, count, paid = entries[role][0]
    if strategy not in known:
        raise ValueError(f"{strategy!r} is no strategy of {role!r}")
    if count != 1:
        raise ValueError(f"a profile has {count!r} players of {role!r}, who is one")
    observed = paid if isinstance(paid, list) else [paid]
    if not observed:
        raise ValueError(f"a payoff of {role!r} with {strategy!r} is missing")
    where = f"a payoff of {role!r} with {strategy!r}"
    return strategy, np.array([json_number(each, where) for each in observed])
