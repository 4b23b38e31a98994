"""Writes what was measured as data for marl-eval and rliable's plots.

Source: instadeepai/marl-eval, its JSON form for raw experiment data: environment, task,
algorithm, run, then metrics of steps and absolute metrics, each a list of returns. Its
loader needs all tasks of an environment to have the same algorithms and runs, reads all
names in lower case, and no algorithm with a comma.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from psro_comm.metagame.report import Report

STEP = "step_0"
"""The only step: what is written is measured once, when all training has ended."""
ENVIRONMENT = "psro_comm"

Seeds = Mapping[int, Mapping[str, float]]
"""Means over worlds by metric, such as `worst_return`, of each seed."""


def as_marl_eval(found: Mapping[str, Mapping[str, Seeds]]) -> dict[str, Any]:
    """Returns results as marl-eval's JSON.

    An algorithm is a defender, a run is a seed. Tasks whose defenders, seeds and
    metrics are the same are one environment, `psro_comm`; the others are in more,
    `psro_comm_2` and so on, and so are defenders of one task with other seeds.

    Args:
      found: results by task and defender.

    Raises:
      ValueError: two defenders of a task differ in capitals or commas alone.
    """
    environments: dict[Any, dict[str, Any]] = {}
    for task, defenders in found.items():
        _check_distinct(task, [*defenders])
        groups: dict[Any, dict[str, Seeds]] = {}
        for defender, seeds in defenders.items():
            shape = frozenset((seed, *sorted(seeds[seed])) for seed in seeds)
            groups.setdefault(shape, {})[_name(defender)] = seeds
        for shape, lines in groups.items():
            alike = environments.setdefault((shape, frozenset(lines)), {})
            alike[task] = {
                defender: {f"seed_{seed}": _run(seeds[seed]) for seed in sorted(seeds)}
                for defender, seeds in lines.items()
            }
    return {
        ENVIRONMENT if number == 1 else f"{ENVIRONMENT}_{number}": tasks
        for number, tasks in enumerate(environments.values(), 1)
    }


def means_met(reports: Sequence[Report]) -> dict[str, dict[int, dict[str, float]]]:
    """Returns the mean returns of each defender and seed, by whom it met.

    Args:
      reports: reports of one task.
    """
    found: dict[str, dict[int, dict[str, float]]] = {}
    for report in reports:
        for row in report.columns:
            met = found.setdefault(row.defender, {}).setdefault(report.seed, {})
            name = re.sub(r"\W+", "_", row.against[1])
            met[f"{name}_return"] = row.returns.estimate
    return found


def _name(defender: str) -> str:
    return defender.replace(",", ";")


def _check_distinct(task: str, defenders: Sequence[str]) -> None:
    first: dict[str, str] = {}
    for name in defenders:
        other = first.setdefault(_name(name).lower(), name)
        if other != name:
            raise ValueError(
                f"defender {name!r} of {task} is {other!r} for marl-eval, which knows"
                " neither capitals nor commas: name one of them otherwise, by --row"
            )


def _run(means: Mapping[str, float]) -> dict[str, Any]:
    metrics = {name: [mean] for name, mean in means.items()}
    return {STEP: {"step_count": 0, **metrics}, "absolute_metrics": metrics}
