"""Reads games of every kind: zero-sum, general-sum, of n players, and of roles."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from psro_comm.disk.files import decode_json, encode_json, read_bytes, write_atomic
from psro_comm.metagame.formats.files import DEFAULT, read_meta_game
from psro_comm.metagame.formats.nfg import parse_normal_form
from psro_comm.metagame.formats.numbers import json_number
from psro_comm.metagame.formats.options import Options
from psro_comm.metagame.formats.role_symmetric import is_role_symmetric
from psro_comm.metagame.formats.text import decoded
from psro_comm.metagame.formats.zero_sum import NotConstantSumError, centred
from psro_comm.metagame.general.gameanalysis import from_gameanalysis
from psro_comm.metagame.general.normal_form import NormalFormGame
from psro_comm.metagame.general.openspiel import PREFIX, load
from psro_comm.metagame.general.reduction import deviation_preserving
from psro_comm.metagame.general.role_symmetric import RoleSymmetricGame
from psro_comm.metagame.meta_game import MetaGame

AnyGame = MetaGame | NormalFormGame | RoleSymmetricGame

ONLY_ZERO_SUM = "it is not a two-player zero-sum game"
_NEARLY = 0.05  # of the spread: sums that differ by less may be rounded
_KEYS = {"players", "strategies", "payoffs"}  # of our JSON form


def read_game(
    source: str | Path,
    options: Options = DEFAULT,
    reduction: Mapping[str, int] | None = None,
) -> AnyGame:
    """Reads a game: a two-player zero-sum one as `read_meta_game` does, or another.

    Args:
      source: a file of `read_meta_game`; a .nfg file of any number of players; a .json
        file of gameanalysis or of `write_game`; or `openspiel:NAME(parameters)`.
      options: how to read what is ambiguous in a file.
      reduction: players by role to which a role-symmetric game is reduced.

    Returns:
      A `MetaGame` if two players' payoffs sum to a constant, a `RoleSymmetricGame` if a
      role has several players or profiles are missing, else a `NormalFormGame`.

    Raises:
      ValueError: no such file or game, one that is damaged or ambiguous, or one that
        cannot be reduced.
    """
    game = _read(source, options)
    by_name = str(source).startswith(PREFIX)
    idle = not isinstance(game, MetaGame) or by_name
    if idle and (options.row_role is not None or options.names != DEFAULT.names):
        raise ValueError(f"--row_role and --names have no effect on {source}")
    if not reduction:
        return game
    if not isinstance(game, RoleSymmetricGame):
        raise ValueError(
            f"--reduction has no effect on {source}, where no role has several players"
        )
    return deviation_preserving(game, reduction)


def reduction_of(text: str | None) -> dict[str, int]:
    """Returns players by role, of `role:3,other:2`; empty for None.

    Raises:
      ValueError: another form.
    """
    found: dict[str, int] = {}
    for part in text.split(",") if text is not None else ():
        role, _, count = part.rpartition(":")
        if not role or not count.isascii() or not count.isdigit():
            raise ValueError(
                f"--reduction={text}: must be ROLE:PLAYERS, with commas between roles"
            )
        found[role.strip()] = int(count)
    return found


def _read(source: str | Path, options: Options) -> AnyGame:
    if str(source).startswith(PREFIX):
        return as_meta_game(load(str(source).removeprefix(PREFIX)), options)
    path = Path(source)
    kind = path.suffix.lower()
    try:
        data = decode_json(read_bytes(path), path) if kind == ".json" else None
        if isinstance(data, Mapping) and set(data) >= _KEYS and "type" not in data:
            return as_meta_game(from_json(data, path.stem), options)
        if isinstance(data, Mapping) and _is_general(data):
            return from_gameanalysis(data, path.stem)
        if kind == ".nfg" and not _are_distinct(path):
            return as_meta_game(_of_nfg(path), options)
        return read_meta_game(path, options)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        if isinstance(error.__cause__, NotConstantSumError):
            if kind == ".nfg":
                return as_meta_game(_of_nfg(path), options)
            return from_gameanalysis(decode_json(read_bytes(path), path), path.stem)
        if str(path) in str(error):
            raise
        said = f"{error} is absent" if isinstance(error, KeyError) else error
        raise ValueError(f"{path} is no game: {said}") from error


def _is_general(data: Mapping[str, Any]) -> bool:
    """Returns whether JSON data are gameanalysis', but not two roles of one player."""
    if str(data.get("type", "")).startswith("matrix"):
        return True
    if not is_role_symmetric(data):
        return False
    roles = data.get("roles")
    if isinstance(roles, list):
        counts = [role.get("count") for role in roles if isinstance(role, Mapping)]
    else:
        players = data.get("players")
        counts = list(players.values()) if isinstance(players, Mapping) else []
    return counts != [1, 1]


def _are_distinct(path: Path) -> bool:
    """Returns whether the names of strategies in a .nfg file can be told apart."""
    found = parse_normal_form(decoded(read_bytes(path)))
    return all(
        len(set(names)) == len(names) and all(name.strip() for name in names)
        for names in found.strategies
    )


def _of_nfg(path: Path) -> NormalFormGame:
    """Returns the game of a .nfg file, with names that can be told apart."""
    found = parse_normal_form(decoded(read_bytes(path)))
    notes: list[str] = []
    players = distinct(found.players, "player", notes)
    strategies = tuple(
        distinct(
            names or tuple(map(str, range(count))), f"strategy of {player!r}", notes
        )
        for player, names, count in zip(
            players, found.strategies, found.payoffs.shape, strict=False
        )
    )
    return NormalFormGame(
        players,
        strategies,
        np.moveaxis(found.payoffs, -1, 0),
        title=found.title or path.stem,
        notes=tuple(notes),
    )


def as_meta_game(
    game: NormalFormGame, options: Options = DEFAULT
) -> MetaGame | NormalFormGame:
    """Returns a game of two players as a meta-game, if it is constant-sum."""
    if len(game.groups) != 2:
        return game
    try:
        payoffs, notes = centred(game.payoffs[0], game.payoffs[1], options)
    except NotConstantSumError:
        return replace(game, notes=(*game.notes, *_nearly_constant(game.payoffs)))
    std_error = game.std_error
    if std_error is not None:
        # The two players' payoffs are one number and its negative.
        if not np.allclose(*std_error):
            notes.append("standard errors of the players differ: the larger are taken")
        std_error = std_error.max(axis=0)
    rows, columns = game.strategies
    return MetaGame(
        rows,
        columns,
        payoffs,
        std_error,
        title=game.title,
        notes=(*game.notes, *notes),
    )


def _nearly_constant(payoffs: np.ndarray) -> list[str]:
    """Returns a note if two players' payoffs sum to nearly the same in all cells."""
    total = payoffs.sum(axis=0)
    off = float(np.abs(total - np.median(total)).max())
    if off > _NEARLY * max(map(np.ptp, payoffs)):
        return []
    return [
        f"the players' payoffs sum to {total.min():.6g} up to {total.max():.6g}: if"
        f" that is rounding, --sum_tolerance={1.01 * off:.2g} reads a constant-sum game"
    ]


def distinct(names: Sequence[str], what: str, notes: list[str]) -> tuple[str, ...]:
    """Returns names of which none is empty or there twice; says so in the notes."""
    times = Counter(names)
    found: list[str] = []
    for k, name in enumerate(names):
        shown = name if name.strip() else f"{k + 1}"
        if times[name] > 1 or shown in found:
            shown = f"{shown} ({k + 1})" if name.strip() else f"{k + 1}"
        while shown in found:
            shown += "'"
        if shown != name:
            notes.append(f"{what} number {k + 1}, {name!r}, is called {shown!r}")
        found.append(shown)
    return tuple(found)


def write_game(path: Path, game: NormalFormGame) -> None:
    """Writes a normal form as JSON, exactly.

    Raises:
      ValueError: the name of the file does not end in .json.
    """
    if path.suffix.lower() != ".json":
        raise ValueError(f"{path} must end in .json")
    write_atomic(path, encode_json(to_json(game)))


def to_json(game: NormalFormGame) -> dict[str, Any]:
    """Returns a normal form as JSON data: names, payoffs by player, standard errors."""
    data: dict[str, Any] = {
        "title": game.title,
        "players": list(game.groups),
        "strategies": [list(names) for names in game.strategies],
        "payoffs": game.payoffs.tolist(),
    }
    if game.std_error is not None:
        data["std_error"] = game.std_error.tolist()
    return data


def from_json(data: Mapping[str, Any], title: str) -> NormalFormGame:
    """Returns the normal form of JSON data.

    Raises:
      ValueError: a part is absent or damaged; its place is named.
    """
    players, strategies = data["players"], data["strategies"]
    if not isinstance(players, list) or not isinstance(strategies, list):
        raise ValueError("players and strategies must be lists of names")
    for names in strategies:
        if not isinstance(names, list):
            raise ValueError(f"strategies holds {names!r}, must be lists of names")
    shape = (len(players), *map(len, strategies))
    tables = [
        None if data.get(name) is None else _array(data[name], shape, name)
        for name in ("payoffs", "std_error")
    ]
    if tables[0] is None:
        raise ValueError("its payoffs are null")
    named = data.get("title", title)
    if not isinstance(named, str):
        raise ValueError(f"title is {named!r}, must be a text")
    sides = tuple(map(tuple, strategies))
    return NormalFormGame(tuple(players), sides, tables[0], tables[1], named)


def _array(nested: Any, shape: Sequence[int], where: str) -> np.ndarray:
    """Returns the array of nested lists of numbers."""
    if not shape:
        return np.array(json_number(nested, where))
    if not isinstance(nested, list) or len(nested) != shape[0]:
        raise ValueError(f"{where} must be a list of {shape[0]}")
    parts = [_array(each, shape[1:], f"{where}[{k}]") for k, each in enumerate(nested)]
    return np.array(parts)
