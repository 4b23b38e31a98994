"""Finds out whether an equilibrium is the only one, and how far weights may differ."""

import highspy
import numpy as np

from psro_comm.metagame.solvers.checks import MetaSolverError
from psro_comm.metagame.solvers.linear_program import new_highs
from psro_comm.metagame.solvers.scale import is_ill_scaled, typical_spread, undominated

_SLACK = 1e-9  # of the typical spread, by which an optimal mixture may fall short
_MOST = 1e7  # typical spreads
WIDE = 1e-4  # a range of weights that is wider is not one weight


def weight_ranges(payoffs: np.ndarray, value: float) -> np.ndarray | None:
    """Returns the least and the largest weight of each row over all optimal mixtures.

        min and max x_i   subject to   U' x >= v 1,   sum(x) = 1,   x >= 0

    In a zero-sum game every optimal mixture of one side is an equilibrium with every
    optimal one of the other, so each side is asked apart.

    Args:
      payoffs: `[m, n]` to the player of the rows; `-payoffs.T` for the columns.
      value: the game's value to that player.

    Returns:
      `[m, 2]`; equal where the mixture is unique. None where payoffs are too far apart
      for linear programs.
    """
    rows, columns = undominated(payoffs)
    inner = payoffs[np.ix_(rows, columns)]
    scale = float(typical_spread(inner)) or 1.0
    found = np.zeros((len(payoffs), 2))
    solver = _face((inner - value) / scale)
    try:
        for place, row in enumerate(rows):
            found[row] = [_extreme(solver, len(rows), place, s) for s in (1.0, -1.0)]
    except MetaSolverError:
        return None
    return np.clip(found, 0.0, 1.0)


def is_unique(payoffs: np.ndarray, value: float, x: np.ndarray) -> bool | None:
    """Returns whether an optimal mixture of rows is the only one; None: not known.

    It is not if another has weight where this has none, or earns more than the value in
    a column where this does not, or if fewer columns than rows of its support hold it:
    one program of linear inequalities, where `weight_ranges` takes two for each row.
    In an ill-scaled game it is the ranges, since 1e-10 of weight may earn much.

    Args:
      payoffs: `[m, n]` to the player of the rows.
      value: the game's value to that player.
      x: `[m]` an optimal mixture.
    """
    rows, columns = undominated(payoffs)
    inner, x = payoffs[np.ix_(rows, columns)], x[rows]
    if is_ill_scaled(inner):
        ranges = weight_ranges(inner, value)
        return None if ranges is None else bool((np.ptp(ranges, axis=1) <= WIDE).all())
    scale = float(typical_spread(inner)) or 1.0
    inside, excess = x > WIDE, (inner - value) / scale
    tight = np.abs(x @ excess) < 1e2 * _SLACK
    elsewhere = np.where(inside, 0.0, 1.0) + excess[:, tight].sum(axis=1)
    try:
        if not -_optimum(_face(excess), -elsewhere) <= WIDE:
            return False
    except MetaSolverError:
        return None
    system = np.vstack([excess[np.ix_(inside, tight)].T, np.ones(inside.sum())])
    return bool(np.linalg.matrix_rank(system, tol=1e-8) == inside.sum())


def _face(excess: np.ndarray) -> highspy.Highs:
    """Returns a program over the optimal mixtures, payoffs less the value, no cost."""
    m, n = excess.shape
    excess = np.clip(excess, -_MOST, _MOST)  # of ill-scaled games: HiGHS's range
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = m, n + 1
    model.col_cost_ = np.zeros(m)
    model.col_lower_, model.col_upper_ = np.zeros(m), np.ones(m)
    model.row_lower_ = np.append(np.full(n, -_SLACK), 1.0)
    model.row_upper_ = np.append(np.full(n, np.inf), 1.0)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = np.arange(m + 1) * (n + 1)
    model.a_matrix_.index_ = np.tile(np.arange(n + 1), m)
    model.a_matrix_.value_ = np.hstack([excess, np.ones((m, 1))]).ravel()
    solver = new_highs()
    solver.passModel(model)
    return solver


def _optimum(solver: highspy.Highs, cost: np.ndarray) -> float:
    for place, each in enumerate(cost):
        solver.changeColCost(place, float(each))
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise MetaSolverError("the optimal mixtures were not explored")
    return float(solver.getInfo().objective_function_value)


def _extreme(solver: highspy.Highs, count: int, place: int, sign: float) -> float:
    """Returns the least weight of one row (sign 1), or the largest (sign -1)."""
    cost = np.zeros(count)
    cost[place] = sign
    return sign * _optimum(solver, cost)
