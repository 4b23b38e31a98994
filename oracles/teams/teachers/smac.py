"""Teachers of StarCraft II: on NDQ's maps those of the built-in simulator."""

from games.environments.combat.config import CombatConfig
from games.environments.combat.env import Combat
from games.environments.smac.config import NDQ_MAPS
from games.environments.smac.env import Smac
from oracles.teams.teachers.combat import Hunt, combat_teacher


def smac_teacher(env: Smac) -> Hunt | None:
    """The teacher of the map that `env` plays, if its ground is known.

    All that a teacher reads is `TimeStep.state`, which both lay out in the same way.
    """
    if env.config.map not in NDQ_MAPS:
        return None
    return combat_teacher(Combat(CombatConfig(map=env.config.map), device=env.device))
