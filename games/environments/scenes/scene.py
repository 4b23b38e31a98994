"""Scenes: what is to be shown of a world, without how it is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from games.engine.env import State


class Sprite(NamedTuple):
    """One thing on the board; its middle lies at `row`, `column`, in cells."""

    kind: str  # agent, or what else there is: prey, enemy, ...
    row: float
    column: float
    agent: int | None = None  # the agent's number, for agents
    label: str = ""


class Scene(NamedTuple):
    """One world at one moment; the cell in the upper left corner is row 0, column 0."""

    rows: int
    columns: int
    ground: tuple[tuple[int, int], ...]  # cells one can go to; empty: all of them
    sprites: tuple[Sprite, ...]


class Stage(Protocol):
    """Turns the states of one environment into scenes."""

    actions: tuple[str, ...]  # short names of the A actions

    def __call__(self, state: State, world: int) -> Scene:
        """Returns the scene of world `world` of `state`."""


class Row:
    """Shows agents side by side, for environments that have no stage of their own."""

    def __init__(self, env: Any) -> None:
        """Reads the sizes of `env`."""
        self._agents = env.spec.num_agents
        self.actions = tuple(map(str, range(env.spec.num_actions)))

    def __call__(self, state: State, world: int) -> Scene:
        """Returns the scene of all agents in a row."""
        row = tuple(Sprite("agent", 0.0, float(k), k) for k in range(self._agents))
        return Scene(1, self._agents, (), row)
