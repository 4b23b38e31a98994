"""The stage of Traffic Junction."""

from games.environments.scenes.scene import Scene, Sprite
from games.environments.traffic_junction.env import (
    TrafficJunction,
    TrafficJunctionState,
)
from games.environments.traffic_junction.tables import LEVELS


class TrafficJunctionStage:
    """Shows the roads and the cars; a car in a collision is marked as such."""

    actions: tuple[str, ...] = ("gas", "brake")

    def __init__(self, env: TrafficJunction) -> None:
        """Reads the map."""
        tables = env.tables
        self._grid = LEVELS[env.config.level].grid
        self._cells = list(
            zip(tables.row.tolist(), tables.column.tolist(), strict=True)
        )
        self._roads = tuple(sorted(set(self._cells[2:])))  # numbers 0 and 1 are no cars

    def __call__(self, state: TrafficJunctionState, world: int) -> Scene:
        """Returns the scene of world `world` of `state`."""
        cars = state.car[world].tolist()
        on = [self._cells[number] for number in cars if number]
        sprites = []
        for car, number in enumerate(cars):
            if number:
                row, column = self._cells[number]
                label = "collision" if on.count((row, column)) > 1 else ""
                sprites.append(Sprite("agent", row, column, car, label))
        return Scene(self._grid, self._grid, self._roads, tuple(sprites))
