"""What a picture of a world needs, and nothing of how it is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from games.engine.env import State


class Sprite(NamedTuple):
    """One thing on the board; its middle lies at `row`, `column`, in cells."""

    kind: str  # agent, or what else there is: prey, enemy, ...
    row: float
    column: float
    agent: int | None = None  # whose it is, for agents
    label: str = ""


class Scene(NamedTuple):
    """One world at one moment; the cell in the upper left corner is row 0, column 0."""

    rows: int
    columns: int
    ground: tuple[tuple[int, int], ...]  # cells one can go to; empty: all of them
    sprites: tuple[Sprite, ...]


class Stage(Protocol):
    """Draws the states of one environment."""

    actions: tuple[str, ...]  # A short names

    def __call__(self, state: State, world: int) -> Scene:
        """World `world` of `state`."""


class Row:
    """Agents side by side: the stage of an environment that has none of its own."""

    def __init__(self, env: Any) -> None:
        """Reads the sizes of `env`."""
        self._agents = env.spec.num_agents
        self.actions = tuple(map(str, range(env.spec.num_actions)))

    def __call__(self, state: State, world: int) -> Scene:
        """Who there is."""
        row = tuple(Sprite("agent", 0.0, float(k), k) for k in range(self._agents))
        return Scene(1, self._agents, (), row)
