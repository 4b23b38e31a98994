"""Reads a plain matrix: attackers across, a row for each defender."""

from collections.abc import Sequence

import numpy as np

from psro_comm.metagame.formats.numbers import (
    looks_like_number,
    numbers,
    shown,
    without_decimal_commas,
)
from psro_comm.metagame.formats.options import Options
from psro_comm.metagame.formats.text import Row
from psro_comm.metagame.meta_game import MetaGame

_MARGINS = ("mean", "average", "avg", "sum", "total", "all")
_ROUNDED = 1e-3  # of the largest payoff, in a mean that was rounded
_HOW = "--names=both, columns, rows or none says where names are"


def from_matrix(
    rows: Sequence[Row], title: str, options: Options, notes: Sequence[str] = ()
) -> MetaGame:
    """Returns the game of a matrix; rows or columns without names get numbers from 0.

    An empty first cell says that the first line and the first column hold names, and so
    do names in both. A matrix of numbers alone has none.

    Raises:
      ValueError: a line or a column of numbers may be names or payoffs, or a payoff is
        no number.
    """
    corner = rows[0].cells[0].strip().lower()
    if corner.startswith("attack") or corner in ("column", "column player"):
        raise ValueError(
            f"its first column is called {shown(rows[0].cells[0])}, but defenders are"
            " its rows: transpose it, or call that column otherwise"
        )
    named = options.names
    if named == "auto":
        named = _where_names_are([row.cells for row in rows])
    above, beside = named in ("both", "columns"), named in ("both", "rows")
    body = rows[1:] if above else rows
    if not body:
        raise ValueError("it has no line below its first, which names the columns")
    head = rows[0].cells[beside:] if above else _numbered(len(rows[0].cells) - beside)
    side = [row.cells[0] for row in body] if beside else _numbered(len(body))
    if not head:
        raise ValueError("it has no column of payoffs")
    places = [(row.line, name) for row in body for name in head]
    cells = [cell for row in body for cell in row.cells[beside:]]
    found = numbers(
        cells,
        lambda k: f"line {places[k][0]}, column {shown(places[k][1])}",
        points=without_decimal_commas(cells),
    )
    shape = len(side), len(head)
    payoffs = found.values.reshape(shape)
    _check_margin(head, payoffs)
    _check_margin(side, payoffs.T)
    return MetaGame(
        tuple(side),
        tuple(head),
        payoffs,
        None if found.errors is None else found.errors.reshape(shape),
        title=title,
        notes=(*notes, *_words(named, side, head), *found.notes),
    )


def _check_margin(names: Sequence[str], payoffs: np.ndarray) -> None:
    """Refuses a last column that sums up the others, which is nobody's payoffs."""
    if len(names) < 3 or names[-1].strip().lower() not in _MARGINS:
        return
    rest, last = payoffs[:, :-1], payoffs[:, -1]
    edge = _ROUNDED * np.abs(payoffs).max()
    for told in (rest.mean(axis=1), rest.sum(axis=1)):
        if (np.abs(told - last) <= edge).all():
            raise ValueError(
                f"what it calls {shown(names[-1])} is the mean or sum of the others:"
                " leave it out, or call the policy otherwise"
            )


def _where_names_are(cells: Sequence[Sequence[str]]) -> str:
    """Returns one of `NAMES` without `auto`.

    Raises:
      ValueError: more than one fits.
    """
    corner = cells[0][0]
    above = any(not looks_like_number(cell) for cell in cells[0][1:])
    beside = any(not looks_like_number(row[0]) for row in cells[1:])
    if not corner or (above and beside):
        return "both"
    numeric = looks_like_number(corner)
    if numeric and not above and not beside:
        return "none"
    if above:
        raise ValueError(
            f"its first line holds names ({shown(cells[0][1])}), its first column"
            f" numbers ({shown(cells[-1][0])}): names of policies, or payoffs? {_HOW};"
            " an empty first cell says both"
        )
    raise ValueError(
        f"its first column holds names ({shown(cells[-1][0] if beside else corner)}),"
        f" its first line numbers ({shown(cells[0][1])}): names of policies, or"
        f" payoffs? {_HOW}; an empty first cell says both"
    )


def _words(named: str, side: Sequence[str], head: Sequence[str]) -> list[str]:
    """Returns notes on names that a reader may take for payoffs."""
    if named == "none":
        return ["it holds no names: policies are called by their numbers from 0"]
    if named in ("columns", "rows"):
        sides = "rows" if named == "columns" else "columns"
        return [f"its {sides} have no names: they are called by their numbers from 0"]
    numeric = [n for names in (head, side) for n in names if looks_like_number(n)]
    if not numeric:
        return []
    return [f"numbers in its first line or column are names: {shown(numeric[0])}, ..."]


def _numbered(count: int) -> list[str]:
    return [str(number) for number in range(count)]
