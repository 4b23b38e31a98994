"""The stage of Predator-Prey."""

from games.environments.predator_prey.env import PredatorPrey, PredatorPreyState
from games.environments.scenes.scene import Scene, Sprite


class PredatorPreyStage:
    """Shows the board, its predators and the prey that are left."""

    actions: tuple[str, ...] = ("up", "down", "left", "right", "stay", "catch")

    def __init__(self, env: PredatorPrey) -> None:
        """Reads the sizes of the board."""
        self._grid = env.config.grid
        self._agents = env.config.num_predators

    def __call__(self, state: PredatorPreyState, world: int) -> Scene:
        """Returns the scene of world `world` of `state`."""
        sprites = []
        for k, number in enumerate(state.cells[world].tolist()):
            row, column = divmod(number, 2 * self._grid)
            if k < self._agents:
                sprites.append(Sprite("agent", row, column, k))
            elif row < self._grid and column < self._grid:
                sprites.append(Sprite("prey", row, column))
        return Scene(self._grid, self._grid, (), tuple(sprites))
