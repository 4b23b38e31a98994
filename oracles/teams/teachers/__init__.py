"""Teachers: scripted players with full information, to imitate in training.

A teacher says what to do, a guide whom to hear. Both read positions from
`TimeStep.state`, which no policy may see. One file an environment, registered here.
"""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from games.engine.env import CommEnv, TimeStep
from oracles.teams.teachers.combat import combat_teacher
from oracles.teams.teachers.predator_prey import Pack
from oracles.teams.teachers.smac import smac_teacher
from oracles.teams.teachers.traffic_junction import PressedFirst, Rivals

Teacher = Callable[[TimeStep], Tensor]  # shows -> action [B,N] long
Guide = Callable[[TimeStep], Tensor]  # shows -> sender [B,N] long, N for nobody

# Each factory takes the environment of its own name, hence Any; none where it knows
# no teacher of the environment's map.
TEACHERS: dict[str, Callable[[Any], Teacher | None]] = {
    "predator_prey": Pack,
    "traffic_junction": PressedFirst,
    "combat": combat_teacher,
    "smac": smac_teacher,
}

GUIDES: dict[str, Callable[[Any], Guide]] = {"traffic_junction": Rivals}


def find_teacher(env: CommEnv) -> Teacher | None:
    """The teacher of an environment; none where there is none."""
    factory = TEACHERS.get(env.spec.name)
    return factory(env) if factory else None
