"""Computes Nash equilibria of zero-sum matrix games by linear programming."""

import ctypes
import functools
import os
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

import cvxpy as cp
import highspy
import numpy as np
from absl import logging

from psro_comm.metagame.solvers.checks import (
    MetaSolverError,
    checked,
    gap,
    normalised,
    on_simplex,
)

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


class Equilibrium(NamedTuple):
    """The solution of a zero-sum matrix game, its gap and the solver that found it."""

    x: np.ndarray  # [m] defender's mixture
    y: np.ndarray  # [n] attacker's mixture
    value: float  # x' U y, units of the matrix
    gap: float  # NashConv of (x, y) over the spread of the matrix
    solver: str  # the one of SOLVERS that succeeded


def nash(
    payoffs: np.ndarray, std_errors: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the Nash equilibrium: `solve_zero_sum` without value, gap and solver.

    Args:
      payoffs: `[m, n]` payoff to the defender.
      std_errors: not used.

    Returns:
      `[m]` and `[n]`, the mixtures of defender and attacker.

    Source: paper algorithm 1, line 11.
    """
    equilibrium = solve_zero_sum(payoffs)
    return equilibrium.x, equilibrium.y


def solve_zero_sum(
    matrix: np.ndarray, *, solvers: Mapping[str, Mapping[str, float]] = SOLVERS
) -> Equilibrium:
    """Returns the Nash equilibrium of a zero-sum matrix game, by one linear program.

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
    matrix = checked(matrix)
    scaled = normalised(matrix)
    failures = []
    for solver, options in solvers.items():
        try:
            x, y, left = _solve_lp(scaled, solver, options)
        except (cp.error.SolverError, MetaSolverError) as error:
            failures.append(f"{solver}: {error}")
            logging.warning("Meta-solver failed on %s. %s", matrix.shape, failures[-1])
        else:
            return Equilibrium(x, y, float(x @ matrix @ y), left, solver)
    raise MetaSolverError(f"no solver solved the {matrix.shape} game: {failures}")


def solve_many(matrices: Iterable[np.ndarray]) -> Iterator[Equilibrium]:
    """Solves many games of one shape, such as resamples of a table, faster.

    The same program and the same HiGHS without a compilation for each game: 0.6 ms
    instead of 5 for a 10 by 10 game. A game whose gap does not prove the result is
    handed to `solve_zero_sum`.

    Args:
      matrices: `[m, n]` payoffs to the defender.

    Yields:
      The equilibrium of each, in order.

    Raises:
      ValueError, MetaSolverError: as `solve_zero_sum`.
    """
    _quiet_highs()
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("presolve", "off")  # it costs more than it saves here
    for name, option in SOLVERS["HIGHS"].items():
        solver.setOptionValue(name, option)
    for matrix in matrices:
        matrix = checked(matrix)
        scaled = normalised(matrix)
        solver.passModel(_model(scaled))
        solver.run()
        solution = solver.getSolution()
        try:
            x = on_simplex(np.array(solution.col_value[:-1]))
            y = on_simplex(np.array(solution.row_dual[:-1]))
        except MetaSolverError:
            yield solve_zero_sum(matrix)
            continue
        left = gap(scaled, x, y)
        if left < GAP_TOLERANCE:
            value = float(x @ matrix @ y)
            yield Equilibrium(x, y, value, max(left, 0.0), "HIGHS")
        else:
            yield solve_zero_sum(matrix)


def _solve_lp(
    matrix: np.ndarray, solver: str, options: Mapping[str, float]
) -> tuple[np.ndarray, np.ndarray, float]:
    """Returns mixtures of a normalised game and their gap; raises `MetaSolverError`."""
    _quiet_highs()
    x = cp.Variable(matrix.shape[0], nonneg=True)
    value = cp.Variable()
    no_deviation_pays = matrix.T @ x >= value
    problem = cp.Problem(cp.Maximize(value), [no_deviation_pays, cp.sum(x) == 1])
    problem.solve(solver=solver, **options)
    # "Inaccurate" is the solver's opinion; the gap below is a proof.
    if problem.status not in (cp.OPTIMAL, cp.OPTIMAL_INACCURATE):
        raise MetaSolverError(f"status {problem.status}")
    defender = on_simplex(x.value)
    attacker = on_simplex(no_deviation_pays.dual_value)
    left = gap(matrix, defender, attacker)
    if not left < GAP_TOLERANCE:  # so written because NaN must fail, too
        raise MetaSolverError(f"duality gap {left:.1e}, allowed {GAP_TOLERANCE:.0e}")
    return defender, attacker, max(left, 0.0)


def _model(matrix: np.ndarray) -> highspy.HighsLp:
    """Returns the program of `solve_zero_sum` in HiGHS's form, variables (x, v)."""
    m, n = matrix.shape
    rows = np.block([[matrix.T, np.full((n, 1), -1.0)], [np.ones(m), 0.0]])
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = m + 1, n + 1
    model.sense_ = highspy.ObjSense.kMinimize
    model.col_cost_ = np.append(np.zeros(m), -1.0)
    model.col_lower_ = np.append(np.zeros(m), -np.inf)
    model.col_upper_ = np.full(m + 1, np.inf)
    model.row_lower_ = np.append(np.zeros(n), 1.0)
    model.row_upper_ = np.append(np.full(n, np.inf), 1.0)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = np.arange(m + 2) * (n + 1)
    model.a_matrix_.index_ = np.tile(np.arange(n + 1), m + 1)
    model.a_matrix_.value_ = rows.T.ravel()
    return model


@functools.cache
def _quiet_highs() -> None:
    """Hides the two lines that HiGHS prints at its first use in this process.

    Its first object prints them from C++, before any option can be set. They are
    caught in a pipe, which takes the place of standard output for that moment.
    """
    flush = ctypes.CDLL(None).fflush
    flush(None)
    try:
        stdout = os.dup(1)
    except OSError:  # closed: nothing to keep clean
        return
    read_end, write_end = os.pipe()
    try:
        os.dup2(write_end, 1)
        highspy.Highs()
        flush(None)
    finally:
        os.dup2(stdout, 1)
        for descriptor in (stdout, read_end, write_end):
            os.close(descriptor)
