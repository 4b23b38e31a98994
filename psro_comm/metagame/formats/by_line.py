"""Reads tables with a line for each cell, or several: one for each episode."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from psro_comm.metagame.formats.numbers import Numbers, numbers, without_decimal_commas
from psro_comm.metagame.formats.text import Row
from psro_comm.metagame.meta_game import MetaGame

LONG = ("defender", "attacker", "mean", "std_error", "episodes")
_WORDS: Mapping[str, Sequence[str]] = {
    "defender": ("row", "row player", "row policy"),
    "attacker": ("column", "col", "column player", "column policy"),
    "mean": ("payoff", "return", "value"),
    "std_error": ("se", "s.e.", "stderr", "std err", "standard error", "sem"),
    "episodes": ("n", "count", "num episodes"),
    "episode": ("world", "seed", "sample", "repetition"),
}
_CALLED = {
    word.replace(" ", "_"): name
    for name, words in _WORDS.items()
    for word in (name, *words)
}
_INDEX = ("", "index", "unnamed:_0")  # pandas' unnamed first column


def _called(cell: str) -> str:
    """Returns our word for a column's, the column's own if we have none."""
    plain = cell.strip().lower().replace(" ", "_").replace("-", "_")
    return _CALLED.get(plain, plain)


def is_by_line(head: Sequence[str]) -> bool:
    """Returns whether a first line names columns of defenders and of attackers."""
    return {"defender", "attacker"} <= {_called(cell) for cell in head}


class Lines(NamedTuple):
    """The lines of a file with a cell or an episode each.

    Attributes:
      cells: the defender and the attacker of each line.
      read: numbers by our name of the column; `mean` is one of them.
      worlds: what numbers the episodes; None if nothing does.
      notes: what was understood, in words.
    """

    cells: list[tuple[str, str]]
    read: Mapping[str, Numbers]
    worlds: Sequence[str] | None
    notes: tuple[str, ...]

    @property
    def repeated(self) -> bool:
        """Whether a cell has more than one line."""
        return max(Counter(self.cells).values()) > 1


def read_lines(rows: Sequence[Row], notes: Sequence[str] = ()) -> Lines:
    """Returns the lines of rows whose first names the columns.

    Raises:
      ValueError: a column is unknown or there twice, or a number is none.
    """
    names = [_called(cell) for cell in rows[0].cells]
    if names[0] in _INDEX:
        names[0] = "index"
        notes = (*notes, "its first column numbers the lines, and is left out")
    _check_columns(names, rows[0].cells)
    if len(rows) < 2:
        raise ValueError("it has no line below its first, which names the columns")
    columns = {name: [row.cells[k] for row in rows[1:]] for k, name in enumerate(names)}
    places = [f"line {row.line}" for row in rows[1:]]
    points = without_decimal_commas(
        cell for name in LONG[2:] for cell in columns.get(name, ())
    )
    read = {
        name: numbers(columns[name], places.__getitem__, points=points)
        for name in LONG[2:]
        if name in columns
    }
    cells = list(zip(columns["defender"], columns["attacker"], strict=True))
    notes = (*notes, *read["mean"].notes)
    return Lines(cells, read, columns.get("episode"), notes)


def from_lines(rows: Sequence[Row], title: str, notes: Sequence[str] = ()) -> MetaGame:
    """Returns the game of rows with a cell or an episode each, in any order.

    Several lines of a cell are its episodes: their mean is the payoff. If a column
    numbers them and all cells have the same numbers, these are worlds, which are
    compared in pairs.

    Raises:
      ValueError: as `read_lines`; a cell is missing, or there twice beside others that
        are not.
    """
    lines = read_lines(rows, notes)
    if not lines.repeated:
        return _of_cells(lines.cells, lines.read, title, lines.notes)
    return _of_samples(lines.cells, lines.read, lines.worlds, title, lines.notes)


def _check_columns(names: Sequence[str], given: Sequence[str]) -> None:
    for name, cell in zip(names, given, strict=True):
        if name not in (*LONG, "episode", "index") or names.count(name) > 1:
            raise ValueError(
                f"its column {cell!r} is not one of {', '.join(LONG)}, episode, once"
                " each"
            )
    if "mean" not in names:
        raise ValueError("it has columns of defenders and attackers, but no mean")


def _of_cells(
    cells: Sequence[tuple[str, str]],
    read: Mapping[str, Numbers],
    title: str,
    notes: Sequence[str],
) -> MetaGame:
    """Returns the game of a line for each cell."""
    defenders, attackers, index = _places(cells)
    shape = len(defenders), len(attackers)
    arrays = {}
    for name, found in read.items():
        arrays[name] = np.empty(shape)
        arrays[name][index] = found.values
    behind = read["mean"].errors
    if behind is not None:
        if "std_error" in arrays:
            raise ValueError("it has standard errors in a column, and behind +-")
        arrays["std_error"] = np.empty(shape)
        arrays["std_error"][index] = behind
    return MetaGame(
        defenders,
        attackers,
        arrays["mean"],
        arrays.get("std_error"),
        arrays.get("episodes"),
        title=title,
        notes=tuple(notes),
    )


def _of_samples(
    cells: Sequence[tuple[str, str]],
    read: Mapping[str, Numbers],
    worlds: Sequence[str] | None,
    title: str,
    notes: Sequence[str],
) -> MetaGame:
    """Returns the game of several lines for each cell: its episodes."""
    counts = Counter(cells)
    cell = counts.most_common()[0][0]
    if set(read) != {"mean"} or read["mean"].errors is not None:
        raise ValueError(f"the cell {cell} is there twice, with a standard error")
    if min(counts.values()) < 2:
        once = next(c for c, count in counts.items() if count == 1)
        raise ValueError(f"the cell {cell} is there twice, {once} once")
    defenders, attackers, (rows, columns) = _places(cells)
    shape = len(defenders), len(attackers)
    number = np.zeros(shape)
    np.add.at(number, (rows, columns), 1)
    total, squares = np.zeros(shape), np.zeros(shape)
    payoff = read["mean"].values
    np.add.at(total, (rows, columns), payoff)
    mean = total / number
    np.add.at(squares, (rows, columns), (payoff - mean[rows, columns]) ** 2)
    std_error = np.sqrt(squares / (number - 1) / number)
    returns, said = None, "the lines of a cell are read as its episodes"
    if worlds is not None and _same_worlds(cells, worlds):
        known = {world: w for w, world in enumerate(dict.fromkeys(worlds))}
        returns = np.empty((*shape, len(known)))
        returns[rows, columns, [known[world] for world in worlds]] = payoff
        said += ", numbered worlds that all cells share"
    return MetaGame(
        defenders,
        attackers,
        mean,
        std_error,
        number,
        returns,
        title=title,
        notes=(*notes, said),
    )


def _same_worlds(cells: Sequence[tuple[str, str]], worlds: Sequence[str]) -> bool:
    """Returns whether every cell has every world, once.

    Raises:
      ValueError: a cell has a world twice.
    """
    pairs = Counter(zip(cells, worlds, strict=True))
    (cell, world), most = pairs.most_common(1)[0]
    if most > 1:
        raise ValueError(f"the cell {cell} has the episode {world!r} twice")
    return len(pairs) == len(set(cells)) * len(set(worlds))


def _places(
    cells: Sequence[tuple[str, str]],
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[list[int], list[int]]]:
    """Returns names of both sides, in order of their first line, and each line's place.

    Raises:
      ValueError: a pair has no line.
    """
    defenders, attackers = (
        tuple(dict.fromkeys(cell[k] for cell in cells)) for k in (0, 1)
    )
    row, column = (
        {name: k for k, name in enumerate(names)} for names in (defenders, attackers)
    )
    if len(set(cells)) < len(defenders) * len(attackers):
        there = set(cells)
        absent = next(
            (d, a) for d in defenders for a in attackers if (d, a) not in there
        )
        raise ValueError(f"the cell {absent} is missing")
    return (
        defenders,
        attackers,
        ([row[d] for d, _ in cells], [column[a] for _, a in cells]),
    )
