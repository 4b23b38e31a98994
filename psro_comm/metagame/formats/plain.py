"""Writes and reads our own forms: JSON objects, and CSV."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from psro_comm.metagame.formats.by_line import LONG
from psro_comm.metagame.formats.numbers import json_number
from psro_comm.metagame.formats.options import Options
from psro_comm.metagame.formats.role_symmetric import (
    from_role_symmetric,
    is_role_symmetric,
)
from psro_comm.metagame.meta_game import MetaGame
from psro_comm.metagame.payoffs import PayoffTable


def facts_of(game: MetaGame) -> dict[str, Any]:
    """Returns all but the payoffs and the single worlds, as JSON data."""
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


def from_json(data: Any, title: str, options: Options) -> MetaGame:
    """Returns the game of JSON data: ours, a run's table, or gameanalysis'.

    Raises:
      ValueError: it is none of these, or a part is damaged.
    """
    if not isinstance(data, Mapping):
        raise ValueError(f"it is a {type(data).__name__}, not an object")
    if is_role_symmetric(data):
        return from_role_symmetric(data, title, options)
    absent = {"mean", "defenders", "attackers"} - set(data)
    if absent and "returns" not in data:
        raise ValueError(f"it lacks {sorted(absent)}")
    for side in ("defenders", "attackers"):
        names = data.get(side)
        if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
            raise ValueError(f"{side} is {names!r}, must be a list of names")
    if "returns" in data:  # a run's own table
        return MetaGame.of(PayoffTable.from_dict(data), title)
    arrays = [
        None if data.get(name) is None else _matrix(data[name], name)
        for name in ("mean", "std_error", "episodes")
    ]
    mean, std_error, episodes = arrays
    if mean is None:
        raise ValueError("its mean is null")
    return MetaGame(
        tuple(data["defenders"]),
        tuple(data["attackers"]),
        mean,
        std_error,
        episodes,
        title=data.get("title", title),
    )


def _matrix(rows: Any, name: str) -> np.ndarray:
    """Returns the matrix of lists of numbers in JSON data.

    Raises:
      ValueError: it is none; the place is named.
    """
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise ValueError(f"{name} must be a list of rows, each a list of numbers")
    if len({len(row) for row in rows}) != 1:
        raise ValueError(f"{name} must have rows of one length")
    return np.array(
        [
            [json_number(each, f"{name}[{i}][{j}]") for j, each in enumerate(row)]
            for i, row in enumerate(rows)
        ]
    )


def to_csv(game: MetaGame) -> str:
    """Returns CSV: a line for each cell, or a plain matrix without standard errors."""
    rows: list[Sequence[Any]]
    if game.std_error is None:
        rows = [("", *game.attackers)]
        for name, line in zip(game.defenders, game.mean, strict=True):
            rows.append((name, *map(repr, line.tolist())))
    else:
        extra = [game.std_error] + ([] if game.episodes is None else [game.episodes])
        rows = [LONG[: 3 + len(extra)]]
        for i, defender in enumerate(game.defenders):
            for j, attacker in enumerate(game.attackers):
                numbers = [repr(float(a[i, j])) for a in (game.mean, *extra)]
                rows.append((defender, attacker, *numbers))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
