"""Writes the results of several tasks as two small tables, for the page of results."""

from collections.abc import Mapping, Sequence
from typing import Any

from psro_comm.metagame.intervals import Interval
from psro_comm.metagame.report import Report
from psro_comm.metagame.rows import Row
from psro_comm.names import (
    AGAINST,
    ATTACKED,
    BROKEN,
    CLEAN,
    EQUILIBRIUM,
    HELD_OUT_SET,
    LABELS,
    OWN,
    REPAIRED,
    RMACRL,
    RMACRL_BROKEN,
    VANILLA,
    VANILLA_LONG,
)
from psro_comm.reports.seeds import (
    FinishedRun,
    Variant,
    differences,
    grouped,
    pooled,
)
from psro_comm.reports.text import markdown_table, percent

_COLUMNS: dict[
    str | tuple[str, str], str
] = {  # a row's label, or (defender, attacker), as `Task.paper` has them
    LABELS[CLEAN]: "clean",
    LABELS[ATTACKED]: "attacked",
    LABELS[REPAIRED]: "filter, that attack",
    LABELS[BROKEN]: "filter, fresh attack",
    LABELS[RMACRL_BROKEN]: "R-MACRL, fresh attack",
    (VANILLA, EQUILIBRIUM): "filter, meta-equilibrium",
    (RMACRL, EQUILIBRIUM): "R-MACRL, meta-equilibrium",
}
_AGAINST = {name: AGAINST[name] for name in (EQUILIBRIUM, HELD_OUT_SET, OWN)}


def render_brief(variants: Mapping[Variant, Sequence[FinishedRun]]) -> str:
    """Returns Markdown: each task's return and success, and what R-MACRL gains.

    Args:
      variants: finished runs, as `by_variant` groups them.
    """
    returns, gains = [], []
    for variant, runs in variants.items():
        reports = [run.report for run in runs]
        returns += _returns(variant, reports)
        gains += _gains(variant, reports)
    words = "; several seeds: mean and t interval over seeds, one: interval over worlds"
    return "\n\n".join(
        [
            f"Team returns and success, 95 % intervals{words}.",
            markdown_table(returns, ("", *_COLUMNS.values())),
            "R-MACRL's return minus a vanilla filter's in the same worlds; bold: the"
            " interval leaves out zero, otherwise it cannot be told.",
            markdown_table(gains, ("", "minus", *_AGAINST.values())),
        ]
    )


def _returns(variant: Variant, reports: Sequence[Report]) -> list[tuple[str, ...]]:
    lines: dict[Any, list[Row]] = {
        **grouped(reports, lambda report: report.rows, lambda row: row.label),
        **grouped(reports, lambda report: report.columns, lambda row: row.against),
    }
    earned = {key: pooled([row.returns for row in lines[key]]) for key in _COLUMNS}
    won = {key: pooled([row.success for row in lines[key]]) for key in _COLUMNS}
    paper = variant.paper()
    name = f"{variant}, {len(reports)} seed{'s' if len(reports) > 1 else ''}"
    rows = [
        (f"{name}: return", *map(str, earned.values())),
        ("success, %", *map(percent, won.values())),
    ]
    if any(key in paper for key in _COLUMNS):
        rows.append(("the paper", *(paper.get(key, "") for key in _COLUMNS)))
    return rows


def _gains(variant: Variant, reports: Sequence[Report]) -> list[tuple[str, ...]]:
    found = differences(reports)
    return [
        (
            str(variant),
            "vanilla filter" if other == VANILLA else "long vanilla filter",
            *(_bold(pooled(found[other, attacker])) for attacker in _AGAINST),
        )
        for other in (VANILLA, VANILLA_LONG)
        if (other, EQUILIBRIUM) in found
    ]


def _bold(found: Interval) -> str:
    return str(found) if found.contains_zero else f"**{found}**"
