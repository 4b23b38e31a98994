"""Teachers: scripted players with full information, to imitate in training.

A teacher says what to do, a guide whom to hear. Both read positions from
`TimeStep.state`, which no policy may see. One file an environment, registered here.
"""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from games.env import TimeStep
from oracles.teachers.combat import combat_teacher
from oracles.teachers.predator_prey import Pack
from oracles.teachers.traffic_junction import PressedFirst, Rivals

Teacher = Callable[[TimeStep], Tensor]  # shows -> action [B,N] long
Guide = Callable[[TimeStep], Tensor]  # shows -> sender [B,N] long, N for nobody

# Each factory takes the environment of its own name, hence Any.
TEACHERS: dict[str, Callable[[Any], Teacher]] = {
    "predator_prey": Pack,
    "traffic_junction": PressedFirst,
    "combat": combat_teacher,
}

GUIDES: dict[str, Callable[[Any], Guide]] = {"traffic_junction": Rivals}
