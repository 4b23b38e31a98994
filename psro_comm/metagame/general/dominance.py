"""Finds strategies that are never played: strictly dominated ones, again and again."""

from typing import NamedTuple

import numpy as np

from psro_comm.metagame.general.normal_form import NormalFormGame
from psro_comm.metagame.solvers import solve_many

_EDGE = 1e-9  # of the spread of what is left: a larger margin is more than rounding
_MOST_CELLS = 20_000  # of a player's table: larger ones are compared in pairs only


class Dominated(NamedTuple):
    """A strategy that another, or a mixture of others, beats whatever the others do."""

    player: int
    strategy: int
    round: int  # 1: in the whole game; 2: after what round 1 struck out; ...
    margin: float  # by how much it is beaten at least, in payoffs


def strike_out(game: NormalFormGame) -> tuple[list[Dominated], list[list[int]]]:
    """Returns the strategies that iterated strict dominance strikes out, and the rest.

    A strategy s of player p goes if a mixture x of its strategies earns more against
    every profile t of the others that is left: max_x min_t x' U_p(., t) - U_p(s, t) > 0
    which is the value of a zero-sum game. No equilibrium and no correlated equilibrium
    plays what is struck out; the order does not matter. Tables of more than 20 000
    cells are searched for dominance by single strategies only.

    Returns:
      What was struck out, in order, and the places of each player's strategies left.

    Source: Gilboa, Kalai, Zemel 1990, Operations Research Letters 9 (order); Pearce
      1984 for dominance by mixtures.
    """
    kept = [list(range(len(names))) for names in game.strategies]
    found: list[Dominated] = []
    for number in range(1, sum(map(len, kept)) + 1):
        left = game.restricted(kept)
        struck = [
            Dominated(p, kept[p][s], number, margin)
            for p in range(len(kept))
            for s, margin in _beaten(left.own_table(p))
        ]
        if not struck:
            break
        found += struck
        for p, own in enumerate(kept):
            gone = {each.strategy for each in struck if each.player == p}
            kept[p] = [s for s in own if s not in gone]
    return found, kept


def _beaten(table: np.ndarray) -> list[tuple[int, float]]:
    """Returns rows that are strictly dominated, with their margins."""
    if len(table) < 2:
        return []
    edge = _EDGE * max(np.ptp(table), 1e-300)
    margins = np.array(
        [
            (np.delete(table, i, 0) - row).min(axis=1).max()
            for i, row in enumerate(table)
        ]
    )
    if not (margins > edge).any() and table.size <= _MOST_CELLS:
        undominated = (np.delete(table, i, 0) - row for i, row in enumerate(table))
        margins = np.array([each.value for each in solve_many(undominated)])
    return [(i, float(m)) for i, m in enumerate(margins) if m > edge]
