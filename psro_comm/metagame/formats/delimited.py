"""Reads tables of cells: from text with separators, or already split.

Two forms: a line for each cell or sample (`by_line`), or a plain matrix (`matrix`).
"""

from collections.abc import Sequence

from psro_comm.metagame.formats.by_line import from_lines, is_by_line
from psro_comm.metagame.formats.matrix import from_matrix
from psro_comm.metagame.formats.options import Options
from psro_comm.metagame.formats.text import SEPARATORS, Row, rows_of
from psro_comm.metagame.meta_game import MetaGame


def from_delimited(
    text: str, title: str, options: Options, separators: Sequence[str]
) -> MetaGame:
    """Returns the game of a text whose cells commas, semicolons or tabs separate.

    Args:
      text: the file's text.
      title: title of the game.
      options: how to read what is ambiguous.
      separators: those that the kind of file may have.

    Raises:
      ValueError: no separator makes a table of it, or more than one.
    """
    games: dict[str, MetaGame] = {}
    tables: dict[str, ValueError] = {}  # rows of equal length, but not read
    others: dict[str, ValueError] = {}
    for separator in separators:
        try:
            rows, notes = rows_of(text, separator)
        except ValueError as error:
            others[separator] = error
            continue
        try:
            games[separator] = from_rows(rows, title, options, notes)
        except ValueError as error:
            tables[separator] = error
    if len(games) > 1:
        words = " or ".join(SEPARATORS[each] for each in games)
        raise ValueError(f"{words} may separate its cells: both give a table")
    for game in games.values():
        return game
    first = text.lstrip("\n").partition("\n")[0]
    failed = tables or others
    raise failed[max(failed, key=first.count)]


def from_rows(
    rows: Sequence[Row], title: str, options: Options, notes: Sequence[str] = ()
) -> MetaGame:
    """Returns the game of rows of cells, in either form.

    Raises:
      ValueError: they are no table, or an ambiguous one.
    """
    if options.names == "auto" and is_by_line(rows[0].cells):
        return from_lines(rows, title, notes)
    return from_matrix(rows, title, options, notes)
