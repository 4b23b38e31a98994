"""Teachers: scripted players with full information, which teams imitate in training.

A teacher says what to do, a guide whom to hear. Both read positions from
`TimeStep.state`, which no policy may see. One file an environment, registered here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from games.engine.registry import Entry

if TYPE_CHECKING:
    from torch import Tensor

    from games.engine.env import CommEnv, TimeStep

Teacher = Callable[["TimeStep"], "Tensor"]  # time step -> action [B,N] long
Guide = Callable[["TimeStep"], "Tensor"]  # -> sender [B,N] long, N for nobody

# Each is called with the environment of its own name; a teacher is none if it does not
# know the environment's map.
_HERE = "oracles.teams.teachers"
TEACHERS: dict[str, Entry] = {
    "predator_prey": Entry(f"{_HERE}.predator_prey:Pack"),
    "traffic_junction": Entry(f"{_HERE}.traffic_junction:PressedFirst"),
    "combat": Entry(f"{_HERE}.combat:combat_teacher"),
    "smac": Entry(f"{_HERE}.smac:smac_teacher"),
}

GUIDES: dict[str, Entry] = {
    "traffic_junction": Entry(f"{_HERE}.traffic_junction:Rivals")
}


def find_teacher(env: CommEnv) -> Teacher | None:
    """Returns the teacher of an environment, or None if it has no teacher."""
    factory = TEACHERS.get(env.spec.name)
    found: Teacher | None = factory(env) if factory else None
    return found
