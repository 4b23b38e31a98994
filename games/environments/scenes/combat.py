"""The stage of Combat: shows the ground, the units and their health."""

from collections.abc import Sequence

from games.environments.combat.env import Combat
from games.environments.combat.maps import SIDE
from games.environments.combat.state import CombatState
from games.environments.combat.tables import POINT
from games.environments.scenes.scene import Scene, Sprite

_MOVES = ("no-op", "stop", "north", "south", "east", "west")


class CombatStage:
    """Shows the field from above, north up; labels are units' names and hit points.

    Attributes:
      actions: short names of the actions.
    """

    def __init__(self, env: Combat) -> None:
        """Reads the map."""
        self._names = (*env.map.agents, *env.map.enemies)
        self._agents = len(env.map.agents)
        targets = tuple(
            f"target {k}" for k in range(env.spec.num_actions - len(_MOVES))
        )
        self.actions: tuple[str, ...] = (*_MOVES, *targets)
        self._ground = tuple(
            (SIDE - 1 - y, x)
            for y in range(SIDE)
            for x in range(SIDE)
            if env.map.walkable(x, y)
        )

    def __call__(self, state: CombatState, world: int) -> Scene:
        """Returns the scene of world `world` of `state`."""
        places = (state.position[world] / POINT).tolist()
        health = state.health[world].tolist()
        return self.scene(
            places, [f"{left:.0f}" if left > 0 else "" for left in health]
        )

    def scene(self, places: Sequence[Sequence[float]], left: Sequence[str]) -> Scene:
        """Returns the scene of units at `(x, y)` in cells, y from the south.

        Args:
          places: the places of all units, agents first.
          left: each unit's health in words; empty for the dead.
        """
        sprites = []
        for unit, ((x, y), health) in enumerate(zip(places, left, strict=True)):
            if not health:
                continue
            agent = unit if unit < self._agents else None
            kind = "enemy" if agent is None else "agent"
            # A sprite's place is its middle; a cell's begins at its corner.
            label = f"{self._names[unit]} {health}"
            sprites.append(Sprite(kind, SIDE - y - 0.5, x - 0.5, agent, label))
        return Scene(SIDE, SIDE, self._ground, tuple(sprites))
