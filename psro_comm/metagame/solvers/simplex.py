"""Solves many small matrix games at once, by one simplex method on all of them.

A program of numpy for all games costs less than one set-up of a solver for each.
"""

import numpy as np

_ROUNDING = 1e-11  # of payoffs in [1, 2]
_PIVOTS = 20  # times m + n, at most; a dozen times less is usual


def solve_together(games: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns equilibria of zero-sum matrix games of one shape.

        max sum(q)   subject to   A q <= 1,   q >= 0

    whose solution is q = y / v and whose dual is x / v, for each game A with payoffs
    above zero. Every game makes the same kind of step at a time: the column of most
    negative cost enters, the row of least ratio leaves. Nothing is proven here: who
    asks must check NashConv, as cycling and rounding are possible.

    Args:
      games: `[K, m, n]` payoffs to the defender, in [1, 2].

    Returns:
      `[K, m]` and `[K, n]` mixtures; NaN where the steps did not suffice.

    Source: Dantzig 1951, A proof of the equivalence of the programming problem and
      the game problem.
    """
    count, m, n = games.shape
    x, y = np.full((count, m), np.nan), np.full((count, n), np.nan)
    # The condensed tableau: constraints and right sides, then costs and the objective.
    table = np.ones((count, m + 1, n + 1))
    table[:, :m, :n] = games
    table[:, m, :n], table[:, m, n] = -1.0, 0.0
    inside = np.tile(np.arange(n, n + m), (count, 1))  # variables of the rows
    outside = np.tile(np.arange(n), (count, 1))  # and of the columns: q, then slacks
    left = np.arange(count)
    for _ in range(_PIVOTS * (m + n)):
        enter = table[:, m, :n].argmin(axis=1)
        done = table[np.arange(len(left)), m, enter] >= -_ROUNDING
        if done.any():
            solved = left[done]
            weights = np.zeros((len(solved), n + m))
            np.put_along_axis(weights, inside[done], table[done, :m, n], 1)
            y[solved] = _shares(weights[:, :n])
            weights[:] = 0.0
            np.put_along_axis(weights, outside[done], table[done, m, :n], 1)
            x[solved] = _shares(weights[:, n:])
            table, inside, outside = table[~done], inside[~done], outside[~done]
            left, enter = left[~done], enter[~done]
        if not len(left):
            break
        _pivot(table, inside, outside, enter)
    return x, y


def _pivot(
    table: np.ndarray, inside: np.ndarray, outside: np.ndarray, enter: np.ndarray
) -> None:
    """Exchanges one variable in each tableau, in place."""
    m, games = inside.shape[1], np.arange(len(table))
    column = table[games, :, enter].copy()
    ratio = np.full(inside.shape, np.inf)
    usable = column[:, :m] > _ROUNDING
    np.divide(table[:, :m, -1], column[:, :m], out=ratio, where=usable)
    leave = ratio.argmin(axis=1)
    pivot = column[games, leave][:, None]
    row = table[games, leave] / pivot
    table -= column[:, :, None] * row[:, None, :]
    table[games, leave] = row
    table[games, :, enter] = -column / pivot
    table[games, leave, enter] = 1 / pivot[:, 0]
    inside[games, leave], outside[games, enter] = (
        outside[games, enter],
        inside[games, leave],
    )


def _shares(weights: np.ndarray) -> np.ndarray:
    """Returns weights without rounding below zero, `[K, size]`, with sum 1."""
    weights = np.clip(weights, 0.0, None)
    return weights / weights.sum(axis=1, keepdims=True)
