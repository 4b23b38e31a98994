"""Puts the results of a validation on games of known value into words."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from psro_comm.metagame.intervals import (
    across_seeds,
)
from psro_comm.metagame.reading import read_interval
from psro_comm.reports.text import columns

if TYPE_CHECKING:
    from psro_comm.validation.validate import Step


def render_options(result: Mapping[str, Any]) -> str:
    """Returns in words means over seeds with their intervals, and verdicts."""
    from psro_comm.validation.options import QUANTITIES

    lines = []
    for name in result["options"]:
        own = [row for row in result["rows"] if row["option"] == name]
        cells = [across_seeds([row[key] for row in own]) for key in QUANTITIES]
        lines.append([name, *map(str, cells)])
    words = [
        f"{result['game']}: {result['calls']} trainings, {result['worlds']} worlds a"
        f" cell, {len(result['seeds'])} seeds; mean [95 %]",
        "",
        columns(lines, ["", *QUANTITIES.values()]),
        "",
    ]
    words += [
        f"{each['option']} minus {result['options'][0]},"
        f" {QUANTITIES[each['quantity']]}: {each['verdict']}"
        for each in result["verdicts"]
    ]
    return "\n".join(words)


def render_steps(steps: Sequence["Step"], value: float) -> str:
    """Returns a table of learned lower bound, truth and interval side by side."""
    rows = [
        (
            f"iteration {step.iteration}",
            str(read_interval(step.value)),
            str(read_interval(step.learned)),
            f"{step.true:.4f}",
            "[{:.3f}, {:.3f}]".format(*step.bracket),
        )
        for step in steps
    ]
    head: list[Any] = [f"true value {value:.4g}", "value of the table [95 %]"]
    head += ["NashConv, learned [95 %]", "NashConv, true", "true bracket"]
    return columns(rows, head)
