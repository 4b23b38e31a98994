"""The stage of Echo: shows the bit that is seen, and the one that must be named."""

from games.environments.echo.env import Echo, EchoState
from games.environments.scenes.scene import Scene, Sprite


class EchoStage:
    """Shows the speaker and its bit on the left, the listener and its task right."""

    actions: tuple[str, ...] = ("0", "1")

    def __init__(self, env: Echo) -> None:
        """Needs nothing of `env`."""

    def __call__(self, state: EchoState, world: int) -> Scene:
        """Returns the scene of world `world` of `state`."""
        sees, owed = int(state.bit[world]), int(state.echo[world])
        speaker = Sprite("agent", 0.0, 0.0, 0, f"sees {sees}")
        listener = Sprite("agent", 0.0, 1.0, 1, f"must say {owed}")
        return Scene(1, 2, (), (speaker, listener))
