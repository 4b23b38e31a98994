"""Tasks of Predator-Prey with CommNet, at both punishments of the paper (section 4).

`predator_prey_large` is ours: it has more hunters.
"""

from games.environments.predator_prey.config import PredatorPreyConfig
from psro_comm.names import (
    BROKEN,
    CLEAN,
    EQUILIBRIUM,
    FROZEN,
    HARMLESS,
    LABELS,
    REPAIRED,
    RMACRL,
    VANILLA,
)
from psro_comm.settings.experiment import ExperimentConfig
from psro_comm.settings.tasks.task import Figures, Task

_SAME: Figures = {
    LABELS[HARMLESS]: "does not hurt",
    LABELS[REPAIRED]: "approaches the clean level",
}


def _hunt(punishment: float, stop_return: float, paper: Figures) -> Task:
    rules = PredatorPreyConfig(punishment=punishment)
    quick = ExperimentConfig(env_config=rules)
    return Task(quick, stop_return=stop_return, paper={**_SAME, **paper})


TASKS = {
    # Ours, for message ensembles: six hunters hear five others each.
    "predator_prey_large": Task(
        ExperimentConfig(
            env_config=PredatorPreyConfig(grid=10, num_predators=6, num_prey=8)
        ),
        stop_return=30.0,
    ),
    "predator_prey_p0": _hunt(
        0.0,
        23.0,
        {
            LABELS[CLEAN]: "about 38 (inferred)",
            LABELS[FROZEN]: "frozen at 23 (drop 40 %)",
            LABELS[BROKEN]: "drop about 30 %",
            (RMACRL, EQUILIBRIUM): "41.75 ± 0.00",
            (VANILLA, EQUILIBRIUM): "40.74 ± 0.23",
        },
    ),
    "predator_prey_p05": _hunt(
        -0.5,
        20.0,
        {
            LABELS[CLEAN]: "about 30 (inferred)",
            LABELS[FROZEN]: "frozen at 20 (drop 33 %)",
            LABELS[BROKEN]: "drop about 20 %",
            (RMACRL, EQUILIBRIUM): "35.38 ± 1.28",
            (VANILLA, EQUILIBRIUM): "31.91 ± 0.94",
        },
    ),
}
