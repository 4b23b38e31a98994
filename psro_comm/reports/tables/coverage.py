"""Measures the coverage of intervals, and puts it into words."""

from collections.abc import Mapping

import numpy as np

from psro_comm.reports.text import markdown_table
from psro_comm.validation.coverage import FAMILIES, NUMBERS, covered

_RESAMPLES, _SEED = 100, 1


def measured(repetitions: int) -> str:
    """Returns the coverage in all families, as a Markdown table.

    Args:
      repetitions: number of tables of each family.
    """
    found = {
        name: covered(
            family,
            np.random.default_rng(_SEED),
            repetitions=repetitions,
            draws=_RESAMPLES,
        )
        for name, family in FAMILIES.items()
    }
    return render_coverage(found)


def render_coverage(found: Mapping[str, Mapping[str, float]]) -> str:
    """Returns a Markdown table: a family in each line, a number in each column."""
    rows = [
        (name, *(f"{each[n]:.2f}" if n in each else "-" for n in NUMBERS))
        for name, each in found.items()
    ]
    return markdown_table(rows, ("family", *NUMBERS))
