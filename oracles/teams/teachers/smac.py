"""The teachers of StarCraft II: on NDQ's maps those of the built-in simulator."""

from games.environments.combat.config import CombatConfig
from games.environments.combat.env import Combat
from games.environments.smac.config import NDQ_MAPS
from games.environments.smac.env import Smac
from oracles.teams.teachers.combat import Hunt, combat_teacher


def smac_teacher(env: Smac) -> Hunt | None:
    """Returns the teacher of the map that `env` plays, or None if the map is unknown.

    A teacher reads only `TimeStep.state`, which both environments lay out alike.
    """
    if env.config.map not in NDQ_MAPS:
        return None
    return combat_teacher(Combat(CombatConfig(map=env.config.map), device=env.device))
