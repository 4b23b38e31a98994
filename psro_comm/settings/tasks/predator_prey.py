"""Predator-Prey with CommNet, at both punishments of the paper (its section 5)."""

from games.environments.predator_prey.config import PredatorPreyConfig
from psro_comm.settings.experiment import ExperimentConfig
from psro_comm.settings.tasks.task import Figures, Task

_SAME: Figures = {
    "untrained attacker": "does not hurt",
    "filter against the attack it knows": "approaches the clean level",
}


def _hunt(punishment: float, stop_return: float, paper: Figures) -> Task:
    rules = PredatorPreyConfig(punishment=punishment)
    quick = ExperimentConfig(env_config=rules)
    return Task(quick, stop_return=stop_return, paper={**_SAME, **paper})


TASKS = {
    "predator_prey_p0": _hunt(
        0.0,
        23.0,
        {
            "clean: no attack, no filter": "about 38 (inferred)",
            "attack, frozen at a threshold": "frozen at 23 (drop 40 %)",
            "filter against a fresh attacker": "drop about 30 %",
            ("R-MACRL", "meta-equilibrium"): "41.75 ± 0.00",
            ("vanilla-filter", "meta-equilibrium"): "40.74 ± 0.23",
        },
    ),
    "predator_prey_p05": _hunt(
        -0.5,
        20.0,
        {
            "clean: no attack, no filter": "about 30 (inferred)",
            "attack, frozen at a threshold": "frozen at 20 (drop 33 %)",
            "filter against a fresh attacker": "drop about 20 %",
            ("R-MACRL", "meta-equilibrium"): "35.38 ± 1.28",
            ("vanilla-filter", "meta-equilibrium"): "31.91 ± 0.94",
        },
    ),
}
