"""Combat on stage: the ground, the units and what is left of them."""

from games.combat.env import Combat
from games.combat.maps import SIDE
from games.combat.state import CombatState
from games.combat.tables import POINT
from games.scenes.scene import Scene, Sprite

_MOVES = ("no-op", "stop", "north", "south", "east", "west")


class CombatStage:
    """The field from above, north up; a label is a unit's name and its hit points.

    Attributes:
      actions: their short names.
      names: of the units, agents first.
      ground: cells one can go to, from the upper left.
    """

    def __init__(self, env: Combat) -> None:
        """Reads the map."""
        self.names = (*env.map.agents, *env.map.enemies)
        self._agents = len(env.map.agents)
        targets = tuple(
            f"target {k}" for k in range(env.spec.num_actions - len(_MOVES))
        )
        self.actions: tuple[str, ...] = (*_MOVES, *targets)
        self.ground = tuple(
            (SIDE - 1 - y, x)
            for y in range(SIDE)
            for x in range(SIDE)
            if env.map.walkable(x, y)
        )

    def __call__(self, state: CombatState, world: int) -> Scene:
        """World `world` of `state`."""
        sprites = []
        health = state.health[world].tolist()
        for unit, (x, y) in enumerate(state.position[world].tolist()):
            if health[unit] <= 0:
                continue
            agent = unit if unit < self._agents else None
            kind = "enemy" if agent is None else "agent"
            # A sprite's place is its middle; a cell's begins at its corner.
            row, column = SIDE - y / POINT - 0.5, x / POINT - 0.5
            label = f"{self.names[unit]} {health[unit]:.0f}"
            sprites.append(Sprite(kind, row, column, agent, label))
        return Scene(SIDE, SIDE, self.ground, tuple(sprites))
