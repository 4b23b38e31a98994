"""Traffic Junction on stage."""

from games.scenes.scene import Scene, Sprite
from games.traffic_junction import TrafficJunction, TrafficJunctionState
from games.traffic_junction_tables import LEVELS


class TrafficJunctionStage:
    """The roads and the cars on them; a car in a collision says so."""

    actions: tuple[str, ...] = ("gas", "brake")

    def __init__(self, env: TrafficJunction) -> None:
        """Reads the map."""
        tables = env.tables
        self._grid = LEVELS[env.config.level].grid
        self._cells = list(
            zip(tables.row.tolist(), tables.column.tolist(), strict=True)
        )
        self._roads = tuple(sorted(set(self._cells[1:])))  # place 0 is no place

    def __call__(self, state: TrafficJunctionState, world: int) -> Scene:
        """World `world` of `state`."""
        places = state.place[world].tolist()
        on = [self._cells[place] for place in places if place]
        sprites = []
        for car, place in enumerate(places):
            if place:
                row, column = self._cells[place]
                label = "collision" if on.count((row, column)) > 1 else ""
                sprites.append(Sprite("agent", row, column, car, label))
        return Scene(self._grid, self._grid, self._roads, tuple(sprites))
