"""Reads and writes pandas' tables and spreadsheets; neither is needed for the rest."""

import io
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from psro_comm.metagame.formats.by_line import LONG, is_by_line
from psro_comm.metagame.formats.delimited import from_rows
from psro_comm.metagame.formats.options import Options
from psro_comm.metagame.formats.text import Row
from psro_comm.metagame.meta_game import MetaGame


def from_frame(
    frame: Any,
    title: str = "meta-game",
    options: Options = Options(),  # noqa: B008
) -> MetaGame:
    """Returns the game of a pandas DataFrame.

    Columns `defender`, `attacker`, `mean` make a line a cell or an episode, as in a
    .csv file; else defenders are its index and attackers its columns.

    Raises:
      ValueError: it is no table of payoffs; the reason is named.
    """
    head = [str(name) for name in frame.columns]
    values = frame.to_numpy(dtype=object)
    if is_by_line(head):
        lines = [head, *values]
    else:
        lines = [["", *head]]
        lines += [[i, *row] for i, row in zip(frame.index, values, strict=True)]
    return from_rows(_rows(lines), title, options)


def to_frame(game: MetaGame) -> Any:
    """Returns a pandas DataFrame with a line for each cell, as a .csv file has it."""
    shape = game.mean.shape
    columns = {
        LONG[0]: np.repeat(np.array(game.defenders, dtype=object), shape[1]),
        LONG[1]: np.tile(np.array(game.attackers, dtype=object), shape[0]),
        LONG[2]: game.mean.ravel(),
    }
    for name in LONG[3:]:
        if getattr(game, name) is not None:
            columns[name] = getattr(game, name).ravel()
    return import_module("pandas").DataFrame(columns)


def from_spreadsheet(data: bytes, title: str, options: Options) -> MetaGame:
    """Returns the game of the only sheet of an .xlsx file, values of formulas included.

    Raises:
      ValueError: openpyxl is not installed, there are several sheets, or no table.
    """
    try:
        openpyxl = import_module("openpyxl")
    except ImportError as error:
        raise ValueError(
            "reading .xlsx needs openpyxl (pip install openpyxl); or save it as .csv"
        ) from error
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    except Exception as error:  # it raises whatever the damage leads to
        raise ValueError(f"it is damaged or no spreadsheet: {error}") from error
    if len(book.sheetnames) != 1:
        raise ValueError(f"it has the sheets {book.sheetnames}: keep the one to read")
    rows = _rows(book.worksheets[0].iter_rows(values_only=True))
    kept = [row for row in rows if any(row.cells)]
    if not kept:
        raise ValueError("it is empty")
    width = 1 + max(k for row in kept for k, cell in enumerate(row.cells) if cell)
    return from_rows([Row(line, cells[:width]) for line, cells in kept], title, options)


def _rows(lines: Iterable[Sequence[Any]]) -> list[Row]:
    """Returns lines of values as lines of texts that say the same."""
    return [
        Row(number, [_text(value) for value in line])
        for number, line in enumerate(lines, start=1)
    ]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool | np.bool_):
        return str(value)
    if isinstance(value, int | float | np.number):
        plain = float(value)
        return str(int(plain)) if plain.is_integer() else repr(plain)
    return str(value).strip()
