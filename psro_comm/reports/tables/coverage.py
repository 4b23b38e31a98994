"""Puts the coverage of intervals into words."""

from collections.abc import Mapping

from psro_comm.reports.text import markdown_table
from psro_comm.validation.coverage import NUMBERS


def render_coverage(found: Mapping[str, Mapping[str, float]]) -> str:
    """Returns a Markdown table: a family in each line, a number in each column."""
    rows = [
        (name, *(f"{each[n]:.2f}" if n in each else "-" for n in NUMBERS))
        for name, each in found.items()
    ]
    return markdown_table(rows, ("family", *NUMBERS))
