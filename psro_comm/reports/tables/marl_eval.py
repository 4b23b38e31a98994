"""Writes what defenders keep as data for marl-eval and rliable's plots.

Source: instadeepai/marl-eval, its JSON form for raw experiment data: environment, task,
algorithm, run, then metrics of steps and absolute metrics, each a list of returns. Its
loader needs all tasks of an environment to have the same algorithms and runs, reads all
names in lower case, and no algorithm with a comma.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from psro_comm.metagame.suite import Kept, Suite

STEP = "step_0"
"""The only step: what is kept is measured once, when the search has ended."""
ENVIRONMENT = "psro_comm"

_Seeds = Sequence[tuple[Suite, Kept]]


def as_marl_eval(found: Mapping[str, Mapping[str, _Seeds]]) -> dict[str, Any]:
    """Returns results as marl-eval's JSON.

    An algorithm is a defender, a run is a seed; metrics are `worst_return`, the mean
    return under the attack that left least, and `clean_return`. Tasks whose defenders
    and seeds are the same are one environment, `psro_comm`; the others are in more,
    `psro_comm_2` and so on, and so are defenders of one task with other seeds.

    Args:
      found: results by task and defender, one of each seed.

    Raises:
      ValueError: two defenders of a task differ in capitals or commas alone.
    """
    environments: dict[Any, dict[str, Any]] = {}
    for task, defenders in found.items():
        _check_distinct(task, [*defenders])
        groups: dict[tuple[int, ...], dict[str, _Seeds]] = {}
        for defender, seeds in defenders.items():
            numbers = tuple(sorted(suite.seed for suite, _ in seeds))
            groups.setdefault(numbers, {})[_name(defender)] = seeds
        for numbers, lines in groups.items():
            alike = environments.setdefault((numbers, frozenset(lines)), {})
            alike[task] = {
                defender: {f"seed_{suite.seed}": _run(kept) for suite, kept in seeds}
                for defender, seeds in lines.items()
            }
    return {
        ENVIRONMENT if number == 1 else f"{ENVIRONMENT}_{number}": tasks
        for number, tasks in enumerate(environments.values(), 1)
    }


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


def _run(kept: Kept) -> dict[str, Any]:
    metrics = {
        "worst_return": [kept.worst.estimate],
        "clean_return": [kept.clean.estimate],
    }
    return {STEP: {"step_count": 0, **metrics}, "absolute_metrics": metrics}
