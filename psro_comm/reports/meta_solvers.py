"""Puts a study of meta-solvers into words: every run, means over seeds, verdicts."""

from collections.abc import Mapping
from typing import Any

from psro_comm.metagame.reading import read_interval
from psro_comm.reports.text import Section
from psro_comm.studies.over_seeds import PATHS, earnings, over_seeds


def render_study(result: Mapping[str, Any]) -> str:
    """Returns in words exploitability over the budget, fresh attacks and verdicts."""
    told = "\n".join(verdict_of(each) for each in result["verdicts"])
    *found, last = (section.as_text() for section in study_sections(result))
    return "\n\n".join([*found, f"VERDICTS\n{told}", last])


def study_sections(result: Mapping[str, Any]) -> list[Section]:
    """Returns every run, means over seeds, and what to compare with; no verdicts."""
    references = [
        (f"{row['label']}, seed {row['seed']}", str(read_interval(row["return"])))
        for row in result["references"]
    ]
    notes = (
        f"each run: {result['iterations']} iterations, {result['env_steps']}"
        " environment steps of training",
        "NashConv: among the policies of all solvers and the fresh attacks of the seed,"
        " a lower bound; other columns: returns of the final defender. Intervals are"
        " 95 %, of a run over worlds, of a mean over seeds (Student's t)",
    )
    head = ("to compare with", "return [95 %]")
    last = Section("References", (), head, references, notes)
    return [_runs(result), *_means(result), last]


def _runs(result: Mapping[str, Any]) -> Section:
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
    return Section("Every run", (), head, rows)


def _means(result: Mapping[str, Any]) -> list[Section]:
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
        head = [f"{seeds}: {words}", *steps]
        parts.append(Section(f"Over seeds: {words}", (), head, rows))
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
    return [*parts, Section("Over seeds: returns", (), head, rows)]


def verdict_of(each: Mapping[str, Any]) -> str:
    """Returns a verdict in words, with every seed's difference."""
    words = f"{each['quantity']}, {each['solver']} minus {each['against']}:"
    words += f" {each['verdict']}"
    if isinstance(each["difference"], Mapping) and "cannot tell" in each["verdict"]:
        words += f", {read_interval(each['difference'])}"
    apart = each.get("by_seed", ())
    if len(apart) > 1:
        words += f" (by seed: {', '.join(f'{d:+.2f}' for d in apart)})"
    return words
