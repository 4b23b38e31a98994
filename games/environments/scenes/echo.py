"""The stage of Echo: shows the bit that is seen, and the one that must be named."""

from games.environments.echo.env import Echo, EchoState
from games.environments.scenes.scene import Scene, Sprite


class EchoStage:
    """Shows speakers and their bit on the left, the listener and its task right."""

    actions: tuple[str, ...] = ("0", "1")

    def __init__(self, env: Echo) -> None:
        """Counts the speakers of `env`."""
        self._speakers = env.config.speakers

    def __call__(self, state: EchoState, world: int) -> Scene:
        """Returns the scene of world `world` of `state`."""
        sees, owed = int(state.bit[world]), int(state.echo[world])
        speakers = (
            Sprite("agent", float(k), 0.0, k, f"sees {sees}")
            for k in range(self._speakers)
        )
        listener = Sprite("agent", 0.0, 1.0, self._speakers, f"must say {owed}")
        return Scene(self._speakers, 2, (), (*speakers, listener))
