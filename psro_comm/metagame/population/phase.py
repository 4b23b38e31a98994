"""Computes replicator dynamics of games whose states fit on a page."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from open_spiel.python.egt import dynamics as openspiel_dynamics

from psro_comm.metagame.general.normal_form import Game, NormalFormGame
from psro_comm.metagame.general.role_symmetric import RoleSymmetricGame

_GRID = 21  # points along a side
_EDGE = 0.02  # how far from the border the grid begins
_SAME = 1e-9  # of the spread


class Phase(NamedTuple):
    """A field of velocities over the states of a game.

    Attributes:
      kind: `square` (two groups of two strategies, each axis the weight of one's first)
        or `simplex` (one population of three).
      points: `[P, 2]` or `[P, 3]`, states.
      velocities: of the same shape, replicator dynamics there, over the spread.
      labels: names of the axes, or of the corners.
    """

    kind: str
    points: np.ndarray
    velocities: np.ndarray
    labels: tuple[str, ...]


def phase_of(game: NormalFormGame | RoleSymmetricGame) -> Phase | None:
    """Returns the replicator field of a game, or None if it does not fit on a page.

    dx_s / dt = x_s (u(s) - x' u)

    Two groups of two strategies fill a square. One population of three strategies, a
    role of any number of players or a symmetric game of two, fills a triangle.

    Source: Taylor and Jonker 1978; OpenSpiel's `egt.dynamics.replicator`.
    """
    if isinstance(game, RoleSymmetricGame) and not game.is_complete:
        return None
    sizes = [len(names) for names in game.strategies]
    if sizes == [2, 2]:
        return _square(game)
    if len(sizes) == 1 and sizes == [3]:
        return _simplex(lambda x: game.deviations([x])[0], game)
    if sizes == [3, 3] and _is_symmetric(game):
        return _simplex(lambda x: game.deviations([x, x])[0], game)
    return None


def _is_symmetric(game: Game) -> bool:
    if not isinstance(game, NormalFormGame):
        return False
    first, second = game.payoffs
    return bool(np.abs(first - second.T).max() <= _SAME * game.spread)


def _square(game: Game) -> Phase:
    side = np.linspace(_EDGE, 1 - _EDGE, _GRID)
    points = np.array([(p, q) for q in side for p in side])
    velocities = np.array(
        [
            [
                openspiel_dynamics.replicator(x, u / game.spread)[0]
                for x, u in zip(state, game.deviations(state), strict=True)
            ]
            for state in (
                [np.array([p, 1 - p]), np.array([q, 1 - q])] for p, q in points
            )
        ]
    )
    labels = tuple(
        f"{group}: weight of {names[0]}"
        for group, names in zip(game.groups, game.strategies, strict=True)
    )
    return Phase("square", points, velocities, labels)


def _simplex(fitness: Callable[[np.ndarray], np.ndarray], game: Game) -> Phase:
    steps = _GRID - 1
    grid = [
        (i / steps, j / steps, 1 - (i + j) / steps)
        for i in range(steps + 1)
        for j in range(steps + 1 - i)
    ]
    points = np.clip((1 - 3 * _EDGE) * np.array(grid) + _EDGE, 0.0, 1.0)
    velocities = np.array(
        [openspiel_dynamics.replicator(x, fitness(x) / game.spread) for x in points]
    )
    return Phase("simplex", points, velocities, tuple(game.strategies[0]))
