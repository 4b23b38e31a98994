"""NDQ's maps of StarCraft II on stage, read off the global state."""

from games.environments.combat.config import CombatConfig
from games.environments.combat.env import Combat
from games.environments.combat.maps import SIDE
from games.environments.scenes.combat import CombatStage
from games.environments.scenes.scene import Row, Scene, Stage
from games.environments.smac.config import NDQ_MAPS
from games.environments.smac.env import Smac, SmacState


def smac_stage(env: Smac) -> Stage:
    """The field where the ground is known, otherwise agents in a row."""
    return SmacStage(env) if env.config.map in NDQ_MAPS else Row(env)


class SmacStage:
    """As in the built-in simulator; a label is a unit's name and its health."""

    def __init__(self, env: Smac) -> None:
        """Takes ground, names and the state's layout from the simulator's map."""
        twin = Combat(CombatConfig(map=env.config.map))
        self._field, self._layout = CombatStage(twin), twin.layout
        self.actions = self._field.actions

    def __call__(self, state: SmacState, world: int) -> Scene:
        """World `world` of `state`."""
        shown = state.state[world : world + 1]
        ours = self._layout.agents(shown)[0][:, [0, 2, 3]].tolist()
        theirs = self._layout.enemies(shown)[0][:, :3].tolist()
        units = ours + theirs
        # The state tells the way from the map's middle in lengths of a side.
        places = [(SIDE * (0.5 + x), SIDE * (0.5 + y)) for _, x, y in units]
        left = [f"{health:.0%}" if health > 0 else "" for health, _, _ in units]
        return self._field.scene(places, left)
