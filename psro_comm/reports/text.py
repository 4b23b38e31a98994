"""Writes parts of a report as plain text and as Markdown."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from psro_comm.metagame.intervals import Interval

_WIDTH = 98


class Sides(NamedTuple):
    """What the row player and the column player are called."""

    row: str = "defender"
    column: str = "attacker"


class Section(NamedTuple):
    """A part of a report, before it is written as text or Markdown."""

    title: str
    bullets: Sequence[str] = ()
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    notes: Sequence[str] = ()
    figure: str = ""  # name of the figure that shows it

    def as_text(self) -> str:
        """Returns the section as plain text, as a terminal shows it."""
        lines = [self.title.upper()]
        for bullet in self.bullets:
            lines.append(
                textwrap.fill(
                    bullet,
                    _WIDTH,
                    initial_indent="  * ",
                    subsequent_indent="    ",
                    break_on_hyphens=False,
                )
            )
        if self.rows:
            lines.append(columns(self.rows, self.head))
        lines += [
            textwrap.fill(note, _WIDTH, break_on_hyphens=False) for note in self.notes
        ]
        return "\n".join(lines)

    def as_markdown(self, figures: Mapping[str, str]) -> str:
        """Returns the section as Markdown.

        Args:
          figures: paths by name of the figure; a figure without a path is not shown.
        """
        parts = [f"## {_marked(self.title)}"]
        if self.bullets:
            parts.append("\n".join(f"* {_marked(bullet)}" for bullet in self.bullets))
        if self.rows:
            parts.append(markdown_table(self.rows, self.head))
        if self.figure in figures:
            parts.append(f"![{_marked(self.title)}]({figures[self.figure]})")
        return "\n\n".join([*parts, *map(_marked, self.notes)])


def markdown_table(rows: Sequence[Sequence[str]], head: Sequence[str]) -> str:
    """Returns a Markdown table, first column left-aligned, others right-aligned."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    head, *rows = (
        [_marked(cell).replace("|", "\\|") for cell in row] for row in (head, *rows)
    )
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, rule, *rows])


def _marked(text: str) -> str:
    """Returns a text for Markdown, in which no name is a line break or a tag."""
    return printable(text).replace("<", "&lt;")


def printable(text: str) -> str:
    r"""Returns a text with its control characters written out, such as `\x1b`.

    A name from a file must not move a terminal's cursor, or break a line of a table.
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in text
    )


def short(text: str, most: int = 40) -> str:
    """Returns a text of at most `most` letters, its middle left out."""
    half = (most - 1) // 2
    return text if len(text) <= most else f"{text[:half]}…{text[-half:]}"


def in_words(sections: Iterable[Section]) -> str:
    """Returns sections as plain text, whose lines hold no control characters."""
    lines = "\n\n".join(section.as_text() for section in sections).split("\n")
    return "\n".join(map(printable, lines))


def percent(share: Interval) -> str:
    """Returns a share in per cent, clipped to 0 and 100: `99.6 [99.5, 100.0]`."""
    estimate, low, high = (100.0 * min(max(number, 0.0), 1.0) for number in share)
    return f"{estimate:.1f} [{low:.1f}, {high:.1f}]"


def columns(rows: Sequence[Sequence[str]], head: Sequence[str]) -> str:
    """Returns a text table, first column left-aligned, others right-aligned."""
    rows, head = [[printable(c) for c in row] for row in rows], list(head)
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        first, *rest = cells
        padded = [first.ljust(widths[0])]
        padded += [c.rjust(w) for c, w in zip(rest, widths[1:], strict=True)]
        return "  ".join(padded).rstrip()

    return "\n".join([line(head), *map(line, rows)])
