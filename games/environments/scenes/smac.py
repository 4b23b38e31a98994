"""The stage of StarCraft II on NDQ's maps, read from the global state."""

from games.environments.combat.config import CombatConfig
from games.environments.combat.env import Combat
from games.environments.combat.maps import SIDE
from games.environments.scenes.combat import CombatStage
from games.environments.scenes.scene import Row, Scene, Stage
from games.environments.smac.config import NDQ_MAPS
from games.environments.smac.env import Smac, SmacState


def smac_stage(env: Smac) -> Stage:
    """Returns `SmacStage` where the map's ground is known, otherwise `Row`."""
    return SmacStage(env) if env.config.map in NDQ_MAPS else Row(env)


class SmacStage:
    """Shows the field as `CombatStage` does; labels are units' names and health."""

    def __init__(self, env: Smac) -> None:
        """Takes ground, names and the state's layout from the simulator's map."""
        twin = Combat(CombatConfig(map=env.config.map))
        self._field, self._layout = CombatStage(twin), twin.layout
        self.actions = self._field.actions

    def __call__(self, state: SmacState, world: int) -> Scene:
        """Returns the scene of world `world` of `state`."""
        shown = state.state[world : world + 1]
        ours = self._layout.agents(shown)[0][:, [0, 2, 3]].tolist()
        theirs = self._layout.enemies(shown)[0][:, :3].tolist()
        units = ours + theirs
        # Positions in the state count from the map's middle, in lengths of its side.
        places = [(SIDE * (0.5 + x), SIDE * (0.5 + y)) for _, x, y in units]
        left = [f"{health:.0%}" if health > 0 else "" for health, _, _ in units]
        return self._field.scene(places, left)
