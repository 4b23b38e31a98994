"""A study of meta-solvers in words: every run, means over seeds, what can be told."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from psro_comm.analysis import across_seeds, as_dict, verdict
from psro_comm.tables import columns, interval

_PATHS = {
    "nash_conv": "NashConv of its mixture",
    "population_nash_conv": "NashConv of its population's Nash",
}
_EARNED = {"worst_case": "fresh attack", "worst_known": "worst attack known"}


def verdicts(
    rows: Sequence[Mapping[str, Any]], solvers: Sequence[str]
) -> list[dict[str, Any]]:
    """Each solver minus the first, paired by seed, Student's t over seeds."""
    found = []
    for quantity in (*_PATHS, *_earned(rows)):
        final = {
            name: [_final(row, quantity) for row in rows if row["solver"] == name]
            for name in solvers
        }
        for name in solvers[1:]:
            pairs = zip(final[name], final[solvers[0]], strict=True)
            apart = [a - b for a, b in pairs]
            gain = across_seeds(apart)
            known = np.isfinite(gain.low)
            found.append(
                {
                    "quantity": quantity,
                    "solver": name,
                    "against": solvers[0],
                    "difference": as_dict(gain) if known else gain.estimate,
                    "by_seed": apart,
                    "verdict": verdict(gain),
                }
            )
    return found


def _final(row: Mapping[str, Any], quantity: str) -> float:
    if quantity in _EARNED:
        return float(row[quantity]["estimate"])
    return float(row["steps"][-1][quantity])


def _earned(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Those returns that the rows have: studies of earlier commits lack the second."""
    return {key: words for key, words in _EARNED.items() if key in rows[0]}


def over_seeds(
    rows: Sequence[Mapping[str, Any]], solvers: Sequence[str]
) -> list[dict[str, Any]]:
    """Means over seeds with Student's t intervals; none of a single seed.

    Returns:
      For each solver both NashConvs by iteration, the returns under a fresh attack, the
      worst attack known and every solver's attackers, as intervals.
    """
    found = []
    for name in solvers:
        own = [row for row in rows if row["solver"] == name]
        if len(own) < 2:
            return []
        paths = {
            key: [
                as_dict(across_seeds([step[key] for step in steps]))
                for steps in zip(*(row["steps"] for row in own), strict=True)
            ]
            for key in _PATHS
        }
        against = {
            other: as_dict(across_seeds([r["against"][other]["estimate"] for r in own]))
            for other in solvers
        }
        earned = {
            key: as_dict(across_seeds([_final(row, key) for row in own]))
            for key in _earned(rows)
        }
        found.append({"solver": name, **paths, **earned, "against": against})
    return found


def render_study(result: Mapping[str, Any]) -> str:
    """Exploitability over the budget, worst cases, and what can be told."""
    solvers, earned = result["solvers"], _earned(result["rows"])
    rows = [
        (
            f"{row['solver']}, seed {row['seed']}",
            *(" ".join(f"{step[key]:.2f}" for step in row["steps"]) for key in _PATHS),
            *(str(interval(row[key])) for key in earned),
            *(str(interval(row["against"][other])) for other in solvers),
        )
        for row in result["rows"]
    ]
    head = ["each iteration:", *_PATHS.values(), *earned.values()]
    head += [f"against {name}" for name in solvers]
    lines = [columns(rows, head), "", *_means(result)]
    lines += [_told(each) for each in result["verdicts"]]
    lines += [
        "",
        f"each run: {result['iterations']} iterations, {result['env_steps']}"
        " environment steps of training",
        "NashConv: among the policies of all solvers and the fresh attacks of the seed,"
        "\na lower bound; other columns: returns of the final defender. Intervals are"
        "\n95 %, of a run over worlds, of a mean over seeds (Student's t)",
    ]
    return "\n".join(lines)


def _means(result: Mapping[str, Any]) -> list[str]:
    """Two tables over seeds, of what is exploited and of what is earned."""
    solvers = result["solvers"]
    means = over_seeds(result["rows"], solvers)
    if not means:
        return []
    seeds = f"mean over {len(result['seeds'])} seeds"
    parts = []
    for key, words in _PATHS.items():
        rows = [
            (each["solver"], *(str(interval(found)) for found in each[key]))
            for each in means
        ]
        steps = [f"iteration {k + 1}" for k in range(result["iterations"])]
        parts += [columns(rows, [f"{seeds}: {words}", *steps]), ""]
    earned = _earned(result["rows"])
    rows = [
        (
            each["solver"],
            *(str(interval(each[key])) for key in earned),
            *(str(interval(each["against"][other])) for other in solvers),
        )
        for each in means
    ]
    head = [f"{seeds}: return", *earned.values(), *(f"against {s}" for s in solvers)]
    return [*parts, columns(rows, head), ""]


def _told(each: Mapping[str, Any]) -> str:
    """One verdict, with the difference where it tells nothing, and every seed's."""
    words = f"{each['quantity']}, {each['solver']} minus {each['against']}:"
    words += f" {each['verdict']}"
    if isinstance(each["difference"], Mapping) and "cannot tell" in each["verdict"]:
        words += f", {interval(each['difference'])}"
    apart = each.get("by_seed", ())
    if len(apart) > 1:
        words += f" (by seed: {', '.join(f'{d:+.2f}' for d in apart)})"
    return words
