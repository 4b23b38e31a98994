"""Meta-solvers: from the defender's payoff matrix to one mixture for each player.

A meta-solver is a pure function of an array, in the manner of the dynamics in
OpenSpiel's `egt/dynamics.py`; `as_openspiel` is the only adapter.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import cvxpy as cp
import numpy as np
from absl import logging

MetaSolver = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]  # [m,n] -> [m], [n]

GAP_TOLERANCE = 1e-9  # of the spread of the matrix: max - min

# In the order in which they are tried. HiGHS ends on a vertex, exact to rounding and
# sparse; CLARABEL is of another kind (interior point), so it rarely fails with it.
SOLVERS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "HIGHS": {
            "primal_feasibility_tolerance": 1e-10,
            "dual_feasibility_tolerance": 1e-10,
        },
        "CLARABEL": {"tol_gap_abs": 1e-11, "tol_gap_rel": 1e-11, "tol_feas": 1e-11},
    }
)


class MetaSolverError(ValueError):
    """No solver found mixtures whose duality gap is within tolerance."""


class Equilibrium(NamedTuple):
    """A solved zero-sum matrix game, and who solved it how well."""

    x: np.ndarray  # [m] defender's mixture
    y: np.ndarray  # [n] attacker's mixture
    value: float  # x' U y, units of the matrix
    gap: float  # NashConv of (x, y) over the spread of the matrix
    solver: str  # the one of SOLVERS that succeeded


def solve_zero_sum(
    matrix: np.ndarray, *, solvers: Mapping[str, Mapping[str, float]] = SOLVERS
) -> Equilibrium:
    """Nash equilibrium of a zero-sum matrix game by one linear program.

        max v   subject to   U' x >= v 1,   sum(x) = 1,   x >= 0

    The attacker's mixture is the dual of the first constraint.

    Args:
      matrix: `[m, n]` payoff to the defender, who picks the row and maximises.
      solvers: cvxpy's names of solvers and their options, tried in order; a
        failure is logged as a warning.

    Returns:
      The equilibrium, with the name of the solver that found it.

    Raises:
      ValueError: the matrix is empty or holds NaN or an infinity.
      MetaSolverError: every solver failed.

    Source: paper algorithm 1, line 11; the LP is von Neumann's.
    """
    matrix = _checked(matrix)
    normalised = _normalised(matrix)
    failures = []
    for solver, options in solvers.items():
        try:
            x, y, gap = _solve_lp(normalised, solver, options)
        except (cp.error.SolverError, MetaSolverError) as error:
            failures.append(f"{solver}: {error}")
            logging.warning("Meta-solver failed on %s. %s", matrix.shape, failures[-1])
        else:
            return Equilibrium(x, y, float(x @ matrix @ y), gap, solver)
    raise MetaSolverError(f"no solver solved the {matrix.shape} game: {failures}")


def nash(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nash equilibrium: `solve_zero_sum` without its report.

    Args:
      matrix: `[m, n]` payoff to the defender.

    Returns:
      `[m]` and `[n]`, the mixtures of defender and attacker.

    Source: paper algorithm 1, line 11.
    """
    equilibrium = solve_zero_sum(matrix)
    return equilibrium.x, equilibrium.y


def uniform(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every policy equally often: the control without game theory.

    Args:
      matrix: `[m, n]` payoff to the defender; only its shape matters.

    Returns:
      `[m]` and `[n]`, the mixtures of defender and attacker.

    Source: paper algorithm 1, line 3.
    """
    num_rows, num_columns = _checked(matrix).shape
    return np.full(num_rows, 1 / num_rows), np.full(num_columns, 1 / num_columns)


META_SOLVERS: dict[str, MetaSolver] = {"nash": nash, "uniform": uniform}
EXACT = frozenset({"nash"})  # held by the tests to NashConv < 1e-6 of the scale


def as_openspiel(solve: MetaSolver) -> Callable[..., Any]:
    """The meta-solver as `PSROSolver(meta_strategy_method=...)` wants it.

    Args:
      solve: a function of the defender's matrix.

    Returns:
      `f(solver, return_joint=False)`, which reads the solver's live meta-game and
      returns the list of the two mixtures; with `return_joint` also their outer
      product `[m, n]`. OpenSpiel passes both arguments by name.
    """

    def meta_strategy(solver: Any, return_joint: bool = False) -> Any:
        x, y = solve(solver.get_meta_game()[0])
        return ([x, y], np.outer(x, y)) if return_joint else [x, y]

    return meta_strategy


def _checked(matrix: np.ndarray) -> np.ndarray:
    matrix = np.asarray(matrix, dtype=np.float64)
    if matrix.ndim != 2 or matrix.size == 0:
        raise ValueError(f"a payoff matrix must be [m, n], got {matrix.shape}")
    broken = np.argwhere(~np.isfinite(matrix))
    if len(broken):
        row, column = (int(index) for index in broken[0])
        found = matrix[row, column]
        raise ValueError(f"a payoff must be finite, [{row}, {column}] is {found}")
    return matrix


def _normalised(matrix: np.ndarray) -> np.ndarray:
    """Shifts and scales the payoffs to [1, 2], which leaves equilibria unchanged.

    Tolerances of solvers are absolute, and HiGHS takes coefficients below 1e-9 for
    zero; both are harmless in this range. The power of two comes first because it
    rounds nothing and keeps `max - min` of the largest floats from overflowing.
    """
    _, exponent = np.frexp(np.abs(matrix).max())
    matrix = np.ldexp(matrix, -exponent)
    spread = np.ptp(matrix)
    return 1 + (matrix - matrix.min()) / (spread if spread > 0 else 1)


def _solve_lp(
    matrix: np.ndarray, solver: str, options: Mapping[str, float]
) -> tuple[np.ndarray, np.ndarray, float]:
    """Mixtures of a normalised game and their gap; raises `MetaSolverError`."""
    x = cp.Variable(matrix.shape[0], nonneg=True)
    value = cp.Variable()
    no_deviation_pays = matrix.T @ x >= value
    problem = cp.Problem(cp.Maximize(value), [no_deviation_pays, cp.sum(x) == 1])
    problem.solve(solver=solver, **options)
    # "Inaccurate" is the solver's opinion; the gap below is a proof.
    if problem.status not in (cp.OPTIMAL, cp.OPTIMAL_INACCURATE):
        raise MetaSolverError(f"status {problem.status}")
    defender = _on_simplex(x.value)
    attacker = _on_simplex(no_deviation_pays.dual_value)
    gap = float((matrix @ attacker).max() - (defender @ matrix).min())
    if not gap < GAP_TOLERANCE:  # so written because NaN must fail, too
        raise MetaSolverError(f"duality gap {gap:.1e}, allowed {GAP_TOLERANCE:.0e}")
    return defender, attacker, max(gap, 0.0)


def _on_simplex(weights: np.ndarray | None) -> np.ndarray:
    """Removes the solver's rounding: OpenSpiel's selector rejects even -1e-9."""
    if weights is None or not np.sum(weights) > 0:
        raise MetaSolverError(f"no mixture but {weights}")
    weights = np.clip(weights, 0, None)
    return weights / weights.sum()
