"""Writes and reads meta-games as files and objects that other tools read.

`.nfg` is for Gambit, OpenSpiel and others, JSON and CSV are for everybody.
"""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyspiel

from games.openspiel.adversarial_comm import as_matrix_game
from psro_comm.disk.files import decode_json, encode_json, write_atomic
from psro_comm.disk.tables import read_verified
from psro_comm.metagame.formats.nfg import parse_nfg
from psro_comm.metagame.formats.role_symmetric import (
    from_role_symmetric,
    is_role_symmetric,
    to_role_symmetric,
)
from psro_comm.metagame.meta_game import MetaGame
from psro_comm.metagame.payoffs import PayoffTable

FORMATS = (".nfg", ".json", ".csv")
GAMEANALYSIS = ".ga.json"  # the end of a file's name, for gameanalysis' form
_LONG = ("defender", "attacker", "mean", "std_error", "episodes")


def labels_path(path: Path) -> Path:
    """Returns the file of a .nfg file's names of strategies: `<path>.labels.json`."""
    return path.with_name(path.name + ".labels.json")


def write_meta_game(
    path: Path, game: MetaGame, write: Callable[[Path, bytes], None] = write_atomic
) -> None:
    """Writes a meta-game in the format that the name of the file asks for.

    .nfg: for Gambit and OpenSpiel, payoffs rounded to 15 digits. Its writer drops the
      names: they are in `<path>.labels.json` beside it, with the standard errors.
    .json: everything but the single worlds, exact.
    .ga.json: for gameanalysis, with the single worlds where they are known.
    .csv: with standard errors, a line for each cell, `defender,attacker,mean,
      std_error,episodes`; without, the plain matrix, attackers across.

    Args:
      path: path of the file.
      game: the meta-game.
      write: what writes a file.

    Raises:
      ValueError: another format, a title with quotes or several lines (.nfg), or names
        that gameanalysis does not take (.ga.json).

    Source: paper section 4, the meta-game U.
    """
    if _format(path) == ".csv":
        write(path, _to_csv(game).encode())
    elif path.name.endswith(GAMEANALYSIS):
        write(path, encode_json(to_role_symmetric(game)))
    elif _format(path) == ".json":
        write(path, encode_json({"mean": game.mean.tolist(), **_facts(game)}))
    else:
        text = pyspiel.game_to_nfg_string(to_matrix_game(game))
        # Labels first: then there is never a .nfg file without labels.
        write(labels_path(path), encode_json(_facts(game)))
        write(path, text.encode())


def read_meta_game(path: Path) -> MetaGame:
    """Reads a meta-game: what `write_meta_game` wrote, a run's table, or another's.

    Args:
      path: path of a .nfg (Gambit's own too, with or without names), a .json (a run's
        payoffs-*.json and gameanalysis' too) or a .csv file in either form.

    Raises:
      ValueError: an unknown format, a file that is absent or damaged, a game that is
        not one of two players and zero sum, a cell missing or given twice.
    """
    kind, data = _format(path), read_verified(path)
    try:
        if kind == ".json":
            return _from_json(decode_json(data, path), path.stem)
        if kind == ".csv":
            return _from_csv(_text(data), path.stem)
        game = parse_nfg(_text(data))
        sidecar = labels_path(path)
        if not sidecar.exists():
            return game
        labels = decode_json(read_verified(sidecar), sidecar)
        return _from_json({"mean": game.mean, **labels}, game.title)
    except (ValueError, IndexError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is no meta-game: {error}") from error


def to_matrix_game(game: MetaGame) -> pyspiel.MatrixGame:
    """Returns OpenSpiel's matrix game, policies' names on rows and columns."""
    return as_matrix_game(game.mean, game.defenders, game.attackers, game.title)


def to_tensor_game(game: MetaGame) -> pyspiel.TensorGame:
    """Returns OpenSpiel's tensor game, for its tools for any number of players."""
    return pyspiel.create_tensor_game(
        game.title,
        game.title,
        [list(game.defenders), list(game.attackers)],
        [game.mean.ravel().tolist(), (-game.mean).ravel().tolist()],
    )


def write_nfg(
    path: Path,
    table: PayoffTable,
    title: str,
    write: Callable[[Path, bytes], None] = write_atomic,
) -> None:
    """Writes a run's table for Gambit and OpenSpiel, and its labels beside it.

    The exact samples are in the run's `payoffs-*.json`. In a run's folder, `write` is
    its store's, which lists both.

    Raises:
      ValueError: a cell is missing, there is none, or the title does not fit.
    """
    write_meta_game(path, MetaGame.of(table, title), write)


def read_nfg(path: Path) -> pyspiel.MatrixGame:
    """Reads an .nfg file as OpenSpiel's matrix game; see `read_meta_game`."""
    return to_matrix_game(read_meta_game(path))


def _format(path: Path) -> str:
    if path.suffix not in FORMATS:
        raise ValueError(f"{path} must end in one of {', '.join(FORMATS)}")
    return path.suffix


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")  # spreadsheets write a byte order mark
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 text (byte {error.start})") from error


def _facts(game: MetaGame) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "title": game.title,
        "defenders": list(game.defenders),
        "attackers": list(game.attackers),
    }
    if game.std_error is not None:
        facts["std_error"] = game.std_error.tolist()
    if game.episodes is not None:
        facts["episodes"] = game.episodes.astype(int).tolist()
    return facts


def _from_json(data: Any, title: str) -> MetaGame:
    if not isinstance(data, Mapping):
        raise ValueError(f"it is a {type(data).__name__}, not an object")
    if is_role_symmetric(data):
        return from_role_symmetric(data, title)
    if "returns" in data:  # a run's own table
        return MetaGame.of(PayoffTable.from_dict(data), title)
    absent = {"mean", "defenders", "attackers"} - set(data)
    if absent:
        raise ValueError(f"it lacks {sorted(absent)}")
    for side in ("defenders", "attackers"):
        names = data[side]
        if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
            raise ValueError(f"{side} is {names!r}, must be a list of names")
    return MetaGame(
        tuple(data["defenders"]),
        tuple(data["attackers"]),
        data["mean"],
        data.get("std_error"),
        data.get("episodes"),
        title=data.get("title", title),
    )


def _to_csv(game: MetaGame) -> str:
    rows: list[Sequence[Any]]
    if game.std_error is None:
        rows = [("", *game.attackers)]
        for name, line in zip(game.defenders, game.mean, strict=True):
            rows.append((name, *map(repr, line.tolist())))
    else:
        extra = [game.std_error] + ([] if game.episodes is None else [game.episodes])
        rows = [_LONG[: 3 + len(extra)]]
        for i, defender in enumerate(game.defenders):
            for j, attacker in enumerate(game.attackers):
                numbers = [repr(float(a[i, j])) for a in (game.mean, *extra)]
                rows.append((defender, attacker, *numbers))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _from_csv(text: str, title: str) -> MetaGame:
    reader = csv.reader(io.StringIO(text))
    rows = [(reader.line_num, row) for row in reader if row]
    if len(rows) < 2:
        raise ValueError("it has no line below its first, which names the columns")
    head = rows[0][1]
    if len(head) < 2:
        raise ValueError(f"its first line is one name, {head[0]!r}: commas separate")
    for number, row in rows:
        if len(row) != len(head):
            raise ValueError(f"line {number} has {len(row)} cells, not {len(head)}")
    if tuple(head[:3]) == _LONG[:3]:
        return _from_long(head, rows[1:], title)
    names = tuple(row[0] for _, row in rows[1:])
    mean = [[_number(cell, number) for cell in row[1:]] for number, row in rows[1:]]
    return MetaGame(names, tuple(head[1:]), np.array(mean), title=title)


def _from_long(
    head: list[str], rows: list[tuple[int, list[str]]], title: str
) -> MetaGame:
    """Returns the game of a .csv file with a line for each cell, in any order."""
    for name in head[3:]:
        if name not in _LONG[3:] or head.count(name) > 1:
            raise ValueError(
                f"its column {name!r} is not one of {', '.join(_LONG)}, once each"
            )
    defenders = tuple(dict.fromkeys(row[0] for _, row in rows))
    attackers = tuple(dict.fromkeys(row[1] for _, row in rows))
    shape = (len(defenders), len(attackers))
    arrays = {name: np.full(shape, np.nan) for name in head[2:]}
    given: set[tuple[int, int]] = set()
    for number, row in rows:
        cell = defenders.index(row[0]), attackers.index(row[1])
        if cell in given:
            raise ValueError(f"the cell {tuple(row[:2])} is there twice")
        given.add(cell)
        for name, text in zip(head[2:], row[2:], strict=True):
            arrays[name][cell] = _number(text, number)
    return MetaGame(
        defenders,
        attackers,
        arrays["mean"],
        arrays.get("std_error"),
        arrays.get("episodes"),
        title=title,
    )


def _number(cell: str, line: int) -> float:
    try:
        return float(cell)
    except ValueError as error:
        raise ValueError(f"line {line}: {cell!r} is not a number") from error
