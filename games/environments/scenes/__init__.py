"""Stages: how a world is shown. One file an environment, registered here."""

from collections.abc import Callable
from typing import Any

from games.engine.env import CommEnv
from games.environments.scenes.combat import CombatStage
from games.environments.scenes.echo import EchoStage
from games.environments.scenes.predator_prey import PredatorPreyStage
from games.environments.scenes.scene import Row, Scene, Sprite, Stage
from games.environments.scenes.smac import smac_stage
from games.environments.scenes.traffic_junction import TrafficJunctionStage

__all__ = ["STAGES", "Scene", "Sprite", "Stage", "make_stage"]

# Each factory takes the environment of its own name, hence Any.
STAGES: dict[str, Callable[[Any], Stage]] = {
    "echo": EchoStage,
    "predator_prey": PredatorPreyStage,
    "traffic_junction": TrafficJunctionStage,
    "combat": CombatStage,
    "smac": smac_stage,
}


def make_stage(env: CommEnv) -> Stage:
    """The stage of an environment; agents in a row for one that has none."""
    return STAGES.get(env.spec.name, Row)(env)
