"""Stages, which turn a world into a scene: one file an environment, registered here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from games.engine.registry import Entry
from games.environments.scenes.scene import Row, Scene, Sprite, Stage

if TYPE_CHECKING:
    from games.engine.env import CommEnv

__all__ = ["STAGES", "Scene", "Sprite", "Stage", "make_stage"]

# Each is called with the environment of its own name.
_HERE = "games.environments.scenes"
STAGES: dict[str, Entry] = {
    "echo": Entry(f"{_HERE}.echo:EchoStage"),
    "predator_prey": Entry(f"{_HERE}.predator_prey:PredatorPreyStage"),
    "traffic_junction": Entry(f"{_HERE}.traffic_junction:TrafficJunctionStage"),
    "combat": Entry(f"{_HERE}.combat:CombatStage"),
    "smac": Entry(f"{_HERE}.smac:smac_stage"),
}


def make_stage(env: CommEnv) -> Stage:
    """Returns the stage of an environment; `Row` for one that has no stage."""
    stage: Stage = STAGES.get(env.spec.name, Row)(env)
    return stage
