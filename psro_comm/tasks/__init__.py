"""Tasks: what the programs can play by name. One file a family, registered here."""

from collections.abc import Callable
from dataclasses import replace

from psro_comm.experiment_config import ExperimentConfig
from psro_comm.tasks import combat, echo, predator_prey, traffic_junction
from psro_comm.tasks.task import Task

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


def preset(task: str, budget: str, seed: int = 0) -> ExperimentConfig:
    """The experiment of a task at a budget.

    Args:
      task: key in `TASKS`.
      budget: `smoke` (seconds), `quick` (minutes) or `paper`.
      seed: of the run.

    Raises:
      ValueError: an unknown task or budget.
    """
    if task not in TASKS:
        raise ValueError(f"task is {task!r}, must be one of {', '.join(TASKS)}")
    if budget not in BUDGETS:
        raise ValueError(f"budget is {budget!r}, must be one of {', '.join(BUDGETS)}")
    return replace(BUDGETS[budget](TASKS[task]), task=task, seed=seed)
