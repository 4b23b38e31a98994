"""Turns bytes into text, and text into rows of cells."""

import csv
import io
from typing import NamedTuple

from psro_comm.metagame.formats.numbers import shown

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}


class Row(NamedTuple):
    """A line of a file that is not blank: its number, and its cells without blanks."""

    line: int
    cells: list[str]


def decoded(data: bytes) -> str:
    r"""Returns the text of a file, with `\n` at the ends of lines.

    UTF-8, with a spreadsheet's mark or without, and UTF-16 with its mark are read.

    Raises:
      ValueError: it is in another encoding, or no text.
    """
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"it is not UTF-8 text (byte {error.start}): save it as UTF-8, for example"
            " with iconv -f latin1 -t utf8"
        ) from error
    if "\0" in text:
        raise ValueError("it holds the character 0: it is no text, or UTF-16 unmarked")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def rows_of(text: str, separator: str) -> tuple[list[Row], list[str]]:
    """Returns the rows that a separator makes of a text, and notes.

    Blank lines are left out, also those of empty cells alone; comments above the table
    begin with #; empty cells beyond the first line's last name are dropped.

    Raises:
      ValueError: quotes are not closed, rows have not as many cells as the first, or a
        first line may be a comment or names.
    """
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=separator,
        skipinitialspace=True,
        strict=True,
    )
    rows = []
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                rows.append(Row(reader.line_num, stripped))
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: {error}") from error
    rows, notes = _without_comments(rows)
    if not rows:
        raise ValueError("it is empty")
    width = max(k + 1 for k, cell in enumerate(rows[0].cells) if cell)
    rows = _cut(rows, width)
    if len(rows[0].cells) < 2:
        raise ValueError(
            f"its first line is one cell, {shown(rows[0].cells[0])}: commas, semicolons"
            " or tabs separate"
        )
    for line, cells in rows:
        if len(cells) != len(rows[0].cells):
            count = len(rows[0].cells)
            raise ValueError(f"line {line} has {len(cells)} cells, not {count}")
    return rows, notes


def _cut(rows: list[Row], width: int) -> list[Row]:
    """Returns rows without the empty cells beyond `width`, if all of these are."""
    if any(any(row.cells[width:]) for row in rows):
        return rows
    return [Row(row.line, row.cells[:width]) for row in rows]


def _without_comments(rows: list[Row]) -> tuple[list[Row], list[str]]:
    """Returns rows without the comments above them."""
    comments = 0
    while comments < len(rows) and rows[comments].cells[0].startswith("#"):
        if not rows[comments].cells[0].strip("# "):
            break  # a corner called #
        comments += 1
    table = rows[comments:]
    if not comments or not table:
        return rows, []
    last = rows[comments - 1]
    if len(last.cells) == len(table[0].cells) > 1:
        raise ValueError(
            f"line {last.line} begins with # and has as many cells as the next: a"
            " comment, or names? Take the # or the line away"
        )
    return table, [f"{comments} line(s) above the table are comments (#)"]
