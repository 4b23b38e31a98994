"""Puts a study of meta-solvers into words: every run, means over seeds, verdicts."""

from collections.abc import Mapping
from typing import Any

from psro_comm.metagame.reading import read_interval
from psro_comm.reports.text import columns
from psro_comm.studies.over_seeds import PATHS, earnings, over_seeds


def render_study(result: Mapping[str, Any]) -> str:
    """Returns in words exploitability over the budget, fresh attacks and verdicts."""
    solvers, earned = result["solvers"], earnings(result["rows"])
    rows = [
        (
            f"{row['solver']}, seed {row['seed']}",
            *(" ".join(f"{step[key]:.2f}" for step in row["steps"]) for key in PATHS),
            *(str(read_interval(row[key])) for key in earned),
            *(str(read_interval(row["against"][other])) for other in solvers),
        )
        for row in result["rows"]
    ]
    head = ["each iteration:", *PATHS.values(), *earned.values()]
    head += [f"against {name}" for name in solvers]
    lines = [columns(rows, head), "", *_means(result)]
    lines += [_told(each) for each in result["verdicts"]]
    lines += [
        "",
        columns(
            [
                (
                    f"{row['label']}, seed {row['seed']}",
                    str(read_interval(row["return"])),
                )
                for row in result["references"]
            ],
            ["to compare with", "return [95 %]"],
        ),
        "",
        f"each run: {result['iterations']} iterations, {result['env_steps']}"
        " environment steps of training",
        "NashConv: among the policies of all solvers and the fresh attacks of the seed,"
        "\na lower bound; other columns: returns of the final defender. Intervals are"
        "\n95 %, of a run over worlds, of a mean over seeds (Student's t)",
    ]
    return "\n".join(lines)


def _means(result: Mapping[str, Any]) -> list[str]:
    """Returns two tables over seeds, of exploitability and of returns."""
    solvers = result["solvers"]
    means = over_seeds(result["rows"], solvers)
    if not means:
        return []
    seeds = f"mean over {len(result['seeds'])} seeds"
    parts = []
    for key, words in PATHS.items():
        rows = [
            (each["solver"], *(str(read_interval(found)) for found in each[key]))
            for each in means
        ]
        steps = [f"iteration {k + 1}" for k in range(result["iterations"])]
        parts += [columns(rows, [f"{seeds}: {words}", *steps]), ""]
    earned = earnings(result["rows"])
    rows = [
        (
            each["solver"],
            *(str(read_interval(each[key])) for key in earned),
            *(str(read_interval(each["against"][other])) for other in solvers),
        )
        for each in means
    ]
    head = [f"{seeds}: return", *earned.values(), *(f"against {s}" for s in solvers)]
    return [*parts, columns(rows, head), ""]


def _told(each: Mapping[str, Any]) -> str:
    """Returns a verdict in words, with every seed's difference."""
    words = f"{each['quantity']}, {each['solver']} minus {each['against']}:"
    words += f" {each['verdict']}"
    if isinstance(each["difference"], Mapping) and "cannot tell" in each["verdict"]:
        words += f", {read_interval(each['difference'])}"
    apart = each.get("by_seed", ())
    if len(apart) > 1:
        words += f" (by seed: {', '.join(f'{d:+.2f}' for d in apart)})"
    return words
