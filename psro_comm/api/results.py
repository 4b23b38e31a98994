"""The base of results: as text, JSON data, a pandas table, and HTML for notebooks."""

import html
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from psro_comm.metagame.intervals import Interval
from psro_comm.metagame.rows import Row
from psro_comm.reports.text import columns


class Result(ABC):
    """Something that was found, which can be shown and stored.

    A subclass has `title`, `records` and `to_dict`; and `shown`, if it shows something
    else than its records.
    """

    @property
    @abstractmethod
    def title(self) -> str:
        """One line that says what it is."""

    @abstractmethod
    def records(self) -> list[dict[str, Any]]:
        """Returns one flat dict a row: names, and numbers in returns or shares."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Returns everything as JSON data: no arrays, no NaN."""

    def shown(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        """Returns the head and the rows of the table that is shown, as text."""
        records = self.records()
        head = list(records[0]) if records else [self.title]
        return head, [[_cell(value) for value in each.values()] for each in records]

    def to_dataframe(self) -> Any:
        """Returns the records as a `pandas.DataFrame`, a row each; NaN if not known.

        Raises:
          ImportError: pandas is not installed.
        """
        try:
            pandas = import_module("pandas")
        except ImportError:
            raise ImportError("no pandas here: pip install pandas") from None
        unknown = float("nan")  # a column of numbers, not of objects
        rows = [
            {key: unknown if value is None else value for key, value in each.items()}
            for each in self.records()
        ]
        return pandas.DataFrame(rows)

    def __str__(self) -> str:
        """Returns the title and the table as text."""
        head, rows = self.shown()
        return "\n".join([self.title, columns(rows, head)] if rows else [self.title])

    def __repr__(self) -> str:
        """Returns the same as `str`: a session shows results whole."""
        return str(self)

    def _repr_html_(self) -> str:
        """Returns the table as HTML, which notebooks show."""
        head, rows = self.shown()
        lines = [_line("th", head), *(_line("td", row) for row in rows)]
        return (
            f"<table><caption>{html.escape(self.title)}</caption>"
            f"{''.join(lines)}</table>"
        )


def flat(name: str, interval: Interval) -> dict[str, float | None]:
    """Returns an interval as three entries of a record; None where it is not known."""
    low, high = f"{name}_low", f"{name}_high"
    named = zip((name, low, high), interval, strict=True)
    return {key: None if value != value else float(value) for key, value in named}


def met_as_record(row: Row) -> dict[str, Any]:
    """Returns a row of who met whom as a record, with intervals."""
    return {
        "filter": row.defender,
        "attack": row.attacker,
        **flat("return", row.returns),
        **flat("success", row.success),
        "distortion": row.distortion,
        "worlds": row.episodes,
    }


def plain(value: Any) -> Any:
    """Returns JSON data: arrays and tuples as lists, NaN as None."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return None if isinstance(value, float) and value != value else value


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value)


def _line(tag: str, cells: Sequence[str]) -> str:
    inside = "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells)
    return f"<tr>{inside}</tr>"
