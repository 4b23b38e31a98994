"""Reads gameanalysis' and EGTA Online's games as they are.

The forms of a profile, of which a file has one:

    {"r": [["s", 2, 3.5]]}                       payoff, or a list of observations
    {"symmetry_groups": [{"role", "strategy", "count", "payoff"}]}
    {"symmetry_groups": [{..., "id"}], "observations": [...]}, each of which is one of
        {"symmetry_groups": [{"id", "payoff"}]}
        {"players": [{"sid", "p"}]}
    {"roles": [{"name", "strategies": [{"name", "count", "payoff"}]}]}       (2012)
    {"proto_string": "r: s, s; q: t", "roles": [...]}                         (2011)
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from psro_comm.metagame.formats.numbers import json_number, shown
from psro_comm.metagame.general.normal_form import NormalFormGame, check_names
from psro_comm.metagame.general.reduction import as_normal_form
from psro_comm.metagame.general.role_symmetric import RoleSymmetricGame

_READ = {"game", "samplegame"}  # types of payoffs by profile; `matrix` is read apart


class _Entry(NamedTuple):
    """What one strategy earned in one profile."""

    role: str
    strategy: str
    players: Any  # how many play it
    payoffs: Sequence[Any]  # one for each observation; empty where none is known


def from_gameanalysis(
    data: Mapping[str, Any], title: str
) -> RoleSymmetricGame | NormalFormGame:
    """Returns the game of JSON data; roles and strategies in alphabetical order.

    A game of one player for each role whose profiles are all known is a normal form.

    Raises:
      ValueError: a type or form that is not read, a name that is not described, a
        payoff that is no number, or a profile with other numbers of players.
    """
    kind = str(data.get("type", "samplegame.1")).split(".")[0]
    players, strategies = _described(data)
    if kind == "matrix":
        return _matrix(data["payoffs"], players, strategies, title)
    if kind not in _READ:
        raise ValueError(
            f"its type is {shown(str(data['type']))}: games of payoffs by profile"
            " (game, samplegame, matrix) are read; `ga conv game` makes one of others"
        )
    if not isinstance(data.get("profiles"), list) or not data["profiles"]:
        raise ValueError("it has no profiles")
    columns = {
        (role, name): k
        for k, (role, name) in enumerate(
            (role, name) for role in players for name in strategies[role]
        )
    }
    rows = [_row(found, k, columns) for k, found in enumerate(data["profiles"])]
    profiles = np.array([profile for profile, _ in rows])
    return _game(players, strategies, profiles, [seen for _, seen in rows], title)


def _row(
    found: Any, k: int, columns: Mapping[tuple[str, str], int]
) -> tuple[np.ndarray, np.ndarray]:
    """Returns profile k, `[S]`, and its observations, `[O, S]`, NaN where none is."""
    if not isinstance(found, Mapping):
        raise ValueError(f"profile {k + 1} is {shown(str(found))}, not an object")
    entries = _entries(found)
    profile = np.zeros(len(columns), dtype=np.int64)
    numbers = max((len(each.payoffs) for each in entries), default=0)
    seen = np.full((numbers, len(columns)), np.nan)
    for role, strategy, count, payoffs in entries:
        column = columns.get((role, strategy))
        where = f"{strategy!r} of {role!r} in profile {k + 1}"
        if column is None:
            raise ValueError(f"{where} is not described")
        if isinstance(count, bool) or not isinstance(count, int):
            raise ValueError(f"{where} has count {count!r}")
        if profile[column]:
            raise ValueError(f"{where} is there twice")
        profile[column] = count
        for i, paid in enumerate(payoffs):
            if paid is not None:
                seen[i, column] = json_number(paid, f"the payoff of {where}")
    return profile, seen


def _game(
    players: Mapping[str, int],
    strategies: Mapping[str, Sequence[str]],
    profiles: np.ndarray,
    samples: Sequence[np.ndarray],
    title: str,
) -> RoleSymmetricGame | NormalFormGame:
    """Returns the game of the observations `[O, S]` of each profile."""
    known = [np.isfinite(seen) for seen in samples]
    counts = np.array([each.sum(axis=0) for each in known])
    sums = np.array([np.nansum(seen, axis=0) for seen in samples])
    means = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    errors = np.full(sums.shape, np.nan)
    for k, seen in enumerate(samples):
        several = counts[k] > 1
        if several.any():
            spread = np.nanstd(seen[:, several], axis=0, ddof=1)
            errors[k, several] = spread / np.sqrt(counts[k, several])
    played = profiles > 0
    notes = []
    if missing := int((played & (counts == 0)).sum()):
        notes.append(f"{missing} payoffs are missing, and are taken for not known")
    noisy = bool((counts[played] > 1).any())
    if noisy and np.isnan(errors[played & (counts > 0)]).any():
        notes.append("some payoffs have one observation: no standard errors are made")
        noisy = False
    whole = noisy and all(
        each[:, own].all() for each, own in zip(known, played, strict=True)
    )
    game = RoleSymmetricGame(
        tuple(players),
        tuple(players.values()),
        tuple(tuple(strategies[role]) for role in players),
        profiles,
        means,
        errors if noisy else None,
        tuple(samples) if whole else None,
        title,
        tuple(notes),
    )
    if set(game.counts) == {1} and game.is_complete:
        return as_normal_form(game)
    return game


def _described(
    data: Mapping[str, Any],
) -> tuple[dict[str, int], dict[str, list[str]]]:
    """Returns players and strategies by role, sorted."""
    if isinstance(data.get("roles"), list):
        roles = {role["name"]: role for role in data["roles"]}
        players = {name: role.get("count") for name, role in roles.items()}
        named = {
            name: role.get("strategies", role.get("strategy_array"))
            for name, role in roles.items()
        }
    elif {"players", "strategies"} <= set(data):
        players, named = dict(data["players"]), dict(data["strategies"])
    else:
        raise ValueError(
            "it describes no roles: neither roles, nor players and strategies"
        )
    if set(players) != set(named):
        raise ValueError(
            f"players are of {sorted(players)}, strategies of {sorted(named)}"
        )
    for role, count in players.items():
        if isinstance(count, bool) or not isinstance(count, int):
            raise ValueError(f"the role {role!r} has {count!r} players")
        if not isinstance(named[role], list) or not named[role]:
            raise ValueError(f"the role {role!r} has no list of strategies")
        check_names(named[role], f"strategies of {role!r}")
    order = sorted(players)
    return {r: players[r] for r in order}, {r: sorted(named[r]) for r in order}


def _entries(profile: Mapping[str, Any]) -> list[_Entry]:
    """Returns what each strategy earned in a profile, whatever its form."""
    if "observations" in profile:
        return _observed(profile)
    if "symmetry_groups" in profile:
        return [
            _Entry(g["role"], g["strategy"], g["count"], _several(g.get("payoff")))
            for g in profile["symmetry_groups"]
        ]
    if isinstance(profile.get("roles"), list):
        return _old(profile)
    return [
        _Entry(role, strategy, count, _several(paid))
        for role, own in profile.items()
        for strategy, count, paid in own
    ]


def _observed(profile: Mapping[str, Any]) -> list[_Entry]:
    """Returns the entries of a profile with observations, of groups or of players."""
    groups = {g.get("id"): g for g in profile["symmetry_groups"]}
    paid: dict[Any, list[Any]] = {key: [] for key in groups}
    for observation in profile["observations"]:
        if "symmetry_groups" in observation:
            for group in observation["symmetry_groups"]:
                paid[group["id"]].append(group["payoff"])
            continue
        by_group: dict[Any, list[float]] = {key: [] for key in groups}
        for player in observation["players"]:
            where = f"the payoff of a player of {player['sid']}"
            by_group[player["sid"]].append(json_number(player["p"], where))
        for key, own in by_group.items():
            if len(own) != groups[key]["count"]:
                raise ValueError(
                    f"an observation has {len(own)} players of"
                    f" {groups[key]['strategy']!r}, the profile {groups[key]['count']}"
                )
            paid[key].append(sum(own) / len(own))
    return [
        _Entry(g["role"], g["strategy"], g["count"], paid[key])
        for key, g in groups.items()
    ]


def _old(profile: Mapping[str, Any]) -> list[_Entry]:
    """Returns the entries of the forms before gameanalysis 1."""
    records = profile.get("sample_records") or []
    spelled = {}
    if "proto_string" in profile:
        for part in profile["proto_string"].split(";"):
            role, _, names = part.partition(":")
            own = [name.strip() for name in names.split(",")]
            spelled[role.strip()] = {name: own.count(name) for name in own}
    found = []
    for role in profile["roles"]:
        for each in role["strategies"]:
            name = each["name"]
            count = each.get("count", spelled.get(role["name"], {}).get(name))
            seen = [record["payoffs"][role["name"]].get(name) for record in records]
            found.append(
                _Entry(role["name"], name, count, seen or _several(each.get("payoff")))
            )
    return found


def _several(paid: Any) -> Sequence[Any]:
    return paid if isinstance(paid, list) else [paid]


def _matrix(
    payoffs: Any,
    players: Mapping[str, int],
    strategies: Mapping[str, Sequence[str]],
    title: str,
) -> NormalFormGame:
    """Returns the game of payoffs nested by strategy of each role in turn."""
    if set(players.values()) != {1}:
        raise ValueError("a matrix game must have one player of each role")
    roles = list(players)
    shape = [len(strategies[role]) for role in roles]
    table = np.empty((len(roles), *shape))
    for cell in np.ndindex(*shape):
        here = payoffs
        names = [strategies[role][i] for role, i in zip(roles, cell, strict=True)]
        for name in names:
            if not isinstance(here, Mapping) or name not in here:
                raise ValueError(f"it lacks the payoffs of {tuple(names)}")
            here = here[name]
        for p, role in enumerate(roles):
            paid = here.get(role) if isinstance(here, Mapping) else None
            where = f"the payoff of {role!r} in {tuple(names)}"
            table[(p, *cell)] = json_number(paid, where)
    sides = tuple(tuple(strategies[role]) for role in roles)
    return NormalFormGame(tuple(roles), sides, table, title=title)
