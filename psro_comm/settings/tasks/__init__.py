"""Tasks: what the programs can play by name. One file a family, registered here."""

from collections.abc import Callable
from dataclasses import replace
from difflib import get_close_matches

from psro_comm.settings.experiment import ExperimentConfig
from psro_comm.settings.tasks import combat, echo, predator_prey, smac, traffic_junction
from psro_comm.settings.tasks.task import Figures, Task

TASKS: dict[str, Task] = {
    **echo.TASKS,
    **predator_prey.TASKS,
    **traffic_junction.TASKS,
    **combat.TASKS,
}

BUDGETS: dict[str, Callable[[Task], ExperimentConfig]] = {
    "smoke": Task.smoke,
    "quick": lambda task: task.quick,
    "paper": Task.paper_sized,
}


def task_named(name: str) -> Task:
    """The task of a name: of `TASKS`, or `smac:MAP`, made on demand.

    Raises:
      ValueError: there is none, or the game that it needs is missing.
    """
    require_known(name)
    return TASKS[name] if name in TASKS else smac.make_task(name)


def require_known(name: str) -> None:
    """Refuses what is no task's name, with the nearest that is; asks no game.

    Raises:
      ValueError: there is none of that name.
    """
    if name in TASKS or name.startswith(smac.PREFIX):
        return
    known = (*TASKS, *smac.NAMES)
    near = get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise ValueError(f"task is {name!r}, must be one of {', '.join(known)}{hint}")


def stop_return(name: str) -> float:
    """`Task.stop_return` of a task; asks no game, so that reports need none."""
    if name.startswith(smac.PREFIX):
        return smac.stop_return(name.removeprefix(smac.PREFIX))
    return TASKS[name].stop_return


def num_malicious(name: str) -> int:
    """How many agents a task captures; asks no game either."""
    if name.startswith(smac.PREFIX):
        return smac.num_malicious(name.removeprefix(smac.PREFIX))
    return TASKS[name].quick.threat.num_malicious


def paper(name: str) -> Figures:
    """The paper's figures of a task; of StarCraft II they are the simulator's rows."""
    return TASKS[name].paper if name in TASKS else {}


def preset(task: str, budget: str, seed: int = 0) -> ExperimentConfig:
    """The experiment of a task at a budget.

    Args:
      task: key in `TASKS`.
      budget: `smoke` (seconds), `quick` (minutes) or `paper`.
      seed: of the run.

    Raises:
      ValueError: an unknown task or budget.
    """
    if budget not in BUDGETS:
        raise ValueError(f"budget is {budget!r}, must be one of {', '.join(BUDGETS)}")
    return replace(BUDGETS[budget](task_named(task)), task=task, seed=seed)
