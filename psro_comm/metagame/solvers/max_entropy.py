"""Computes the most mixed Nash equilibrium, which is unique where Nash is not."""

import warnings

import cvxpy as cp
import numpy as np

from psro_comm.metagame.solvers.checks import (
    MetaSolverError,
    checked,
    gap,
    normalised,
    on_simplex,
)
from psro_comm.metagame.solvers.linear_program import solve_zero_sum
from psro_comm.metagame.solvers.scale import by_scale, is_ill_scaled

SLACK = 1e-8  # of the spread: gives the interior-point method an interior
_ALLOWED = 1e-6  # NashConv of the result, of the spread


def max_entropy_nash(
    payoffs: np.ndarray, std_errors: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the Nash equilibrium of the highest entropy of both sides.

        max H(x) = -sum_i x_i log x_i   subject to   U' x >= v 1,   sum(x) = 1

    and likewise for the attacker: the equilibria of a zero-sum game are all pairs of
    optimal mixtures, so both sides are solved apart. v is the value of the game, less
    `SLACK` of the spread. Twins share their weight, and no order of rows matters.

    Args:
      payoffs: `[m, n]` payoff to the defender.
      std_errors: not used.

    Raises:
      MetaSolverError: the interior-point method failed.

    Source: Ortiz, Schapire, Kakade 2007, Maximum entropy correlated equilibria, here
      for zero-sum games; von Neumann's LP for v.
    """
    payoffs = checked(payoffs)
    if is_ill_scaled(payoffs):
        return by_scale(payoffs, _most_mixed)[:2]
    return _most_mixed(payoffs)


def _most_mixed(payoffs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the equilibrium of the highest entropy of a game of one scale."""
    scaled = normalised(payoffs)
    value = solve_zero_sum(scaled).value
    x = _spread_out(scaled, value - SLACK)
    y = _spread_out(-scaled.T, -value - SLACK)
    left = gap(scaled, x, y)
    if not left < _ALLOWED:
        raise MetaSolverError(f"NashConv {left:.1e}, allowed {_ALLOWED:.0e}")
    return x, y


def _spread_out(scaled: np.ndarray, least: float) -> np.ndarray:
    """Returns the mixture of highest entropy that earns `least` in every column."""
    x = cp.Variable(scaled.shape[0])
    constraints = [scaled.T @ x >= least, cp.sum(x) == 1]
    problem = cp.Problem(cp.Maximize(cp.sum(cp.entr(x))), constraints)
    try:
        with warnings.catch_warnings():  # of inaccuracy; the caller's gap decides
            warnings.simplefilter("ignore", UserWarning)
            problem.solve(solver="CLARABEL")
    except cp.error.SolverError as error:
        raise MetaSolverError(f"CLARABEL: {error}") from error
    return on_simplex(x.value)
