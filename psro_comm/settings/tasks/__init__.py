"""Tasks that the programs play by name: one file for each family, registered here."""

from collections.abc import Callable
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from games.engine.settings import refusal
from psro_comm.settings.experiment import ExperimentConfig
from psro_comm.settings.tasks import (
    combat,
    echo,
    pettingzoo,
    predator_prey,
    smac,
    traffic_junction,
)
from psro_comm.settings.tasks.task import Figures, Task

TASKS: dict[str, Task] = {
    **echo.TASKS,
    **predator_prey.TASKS,
    **traffic_junction.TASKS,
    **combat.TASKS,
}

_ON_DEMAND = (smac, pettingzoo)  # families whose tasks are made when asked for

BUDGETS: dict[str, Callable[[Task], ExperimentConfig]] = {
    "smoke": Task.smoke,
    "quick": lambda task: task.quick,
    "paper": Task.paper_sized,
}


def task_named(name: str) -> Task:
    """Returns the task of a name: one of `TASKS`, or one that is made on demand.

    Raises:
      ValueError: there is none, or the game that it needs is missing.
    """
    require_known(name)
    family = _family(name)
    return TASKS[name] if family is None else family.make_task(name)


def _family(name: str) -> Any:
    """Returns the module that makes a task on demand; None for one of `TASKS`."""
    if name in TASKS:
        return None
    return next((f for f in _ON_DEMAND if name.startswith(f.PREFIX)), None)


def require_known(name: str) -> None:
    """Refuses a name that is no task's, and names the nearest; starts no game.

    Raises:
      ValueError: there is none of that name.
    """
    if not isinstance(name, str):
        raise refusal("task", name, "the name of a task")
    if name in TASKS or _family(name) is not None:
        return
    known = (*TASKS, *smac.NAMES, *pettingzoo.NAMES)
    near = get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise ValueError(f"task is {name!r}, must be one of {', '.join(known)}{hint}")


def stop_return(name: str) -> float:
    """Returns `Task.stop_return` of a task; starts no game, which reports lack."""
    family = _family(name)
    if family is not None:
        return float(family.stop_return(name.removeprefix(family.PREFIX)))
    return TASKS[name].stop_return


def num_malicious(name: str) -> int:
    """Returns the number of malicious agents of a task; starts no game."""
    family = _family(name)
    if family is not None:
        return int(family.num_malicious(name.removeprefix(family.PREFIX)))
    return TASKS[name].quick.threat.num_malicious


def paper(name: str) -> Figures:
    """Returns the paper's figures of a task; the simulator's tasks have StarCraft's."""
    return TASKS[name].paper if name in TASKS else {}


def preset(task: str, budget: str, seed: int = 0) -> ExperimentConfig:
    """Returns the configuration of a task at a budget.

    Args:
      task: name of the task: a key in `TASKS`, `smac:MAP`, `pettingzoo:MODULE`.
      budget: `smoke` (seconds), `quick` (minutes) or `paper`.
      seed: seed of the run.

    Raises:
      ValueError: an unknown task or budget.
    """
    if budget not in BUDGETS:
        raise ValueError(f"budget is {budget!r}, must be one of {', '.join(BUDGETS)}")
    return replace(BUDGETS[budget](task_named(task)), task=task, seed=seed)
