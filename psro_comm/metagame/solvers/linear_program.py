"""Computes Nash equilibria of zero-sum matrix games by linear programming."""

import ctypes
import functools
import itertools
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
from psro_comm.metagame.solvers.scale import by_scale, is_ill_scaled
from psro_comm.metagame.solvers.simplex import solve_together

GAP_TOLERANCE = 1e-9  # of the spread of the matrix: max - min
_TOGETHER = 10_000  # payoffs of the largest games that are solved together
_BLOCK = 2_000_000  # payoffs of all games that are, at a time

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
    gap: float  # NashConv of (x, y) over the spread, of what it meets if ill-scaled
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

    The attacker's mixture is the dual of the first constraint. Where a few payoffs make
    nearly all of the spread, strictly dominated policies are taken away first, and the
    rest is solved with outliers clipped, and proven as it is.

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
    if not is_ill_scaled(matrix):
        return _solve(matrix, solvers)
    used = []

    def mixtures(of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = _solve(of, solvers)
        used.append(found.solver)
        return found.x, found.y

    x, y, left = by_scale(matrix, mixtures)
    return Equilibrium(x, y, float(x @ matrix @ y), left, used[-1])


def _solve(
    matrix: np.ndarray, solvers: Mapping[str, Mapping[str, float]]
) -> Equilibrium:
    """Returns the equilibrium of a game of one scale, by the first solver that can."""
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

    Small games are solved together, by one simplex method for all of them: 10 us
    instead of 5 ms for a 10 by 10 game. Larger ones go to HiGHS without a compilation
    for each. A game whose gap does not prove the result is handed to `solve_zero_sum`.

    Args:
      matrices: `[m, n]` payoffs to the defender.

    Yields:
      The equilibrium of each, in order.

    Raises:
      ValueError, MetaSolverError: as `solve_zero_sum`.
    """
    games: Iterator[np.ndarray] = map(checked, matrices)
    first = next(games, None)
    if first is None:
        return
    games = itertools.chain([first], games)
    if first.size > _TOGETHER:
        yield from _each_by_highs(games)
        return
    while block := list(itertools.islice(games, max(1, _BLOCK // first.size))):
        tables = np.array(block)
        x, y, left = _together(tables)
        left[is_ill_scaled(tables)] = np.inf
        for k, matrix in enumerate(block):
            yield _proven(matrix, x[k], y[k], float(left[k]), "simplex")


def values(tables: np.ndarray) -> np.ndarray:
    """Returns the values of many games of one shape and scale.

    Args:
      tables: `[K, m, n]` payoffs to the defender, such as resamples of one table.

    Returns:
      `[K]`.

    Raises:
      ValueError, MetaSolverError: as `solve_zero_sum`.
    """
    if tables[0].size > _TOGETHER or is_ill_scaled(tables[:1]).any():
        return np.array([game.value for game in solve_many(tables)])
    if not np.isfinite(tables).all():
        raise ValueError("payoffs must be finite")
    step, found = max(1, _BLOCK // tables[0].size), np.empty(len(tables))
    for k in range(0, len(tables), step):
        block = tables[k : k + step]
        x, y, left = _together(block)
        found[k : k + step] = np.einsum("ki,kij,kj->k", x, block, y, optimize=True)
        for other in np.flatnonzero(~(left < GAP_TOLERANCE)):
            found[k + other] = solve_zero_sum(block[other]).value
    return found


def _together(block: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns mixtures of all games, and their gaps over the spread of each."""
    scaled = normalised(block)
    x, y = solve_together(scaled)
    best = np.einsum("kij,kj->ki", scaled, y).max(axis=1)
    return x, y, best - np.einsum("ki,kij->kj", x, scaled).min(axis=1)


def _proven(
    matrix: np.ndarray, x: np.ndarray, y: np.ndarray, left: float, solver: str
) -> Equilibrium:
    """Returns an equilibrium whose gap proves it, or that of `solve_zero_sum`."""
    if not left < GAP_TOLERANCE:  # so written because NaN must fail, too
        return solve_zero_sum(matrix)
    return Equilibrium(x, y, float(x @ matrix @ y), max(left, 0.0), solver)


def _each_by_highs(matrices: Iterable[np.ndarray]) -> Iterator[Equilibrium]:
    """Solves games one after the other in one HiGHS."""
    solver = new_highs()
    for matrix in matrices:
        if is_ill_scaled(matrix):
            yield solve_zero_sum(matrix)
            continue
        scaled = normalised(matrix)
        solver.passModel(_model(scaled))
        solver.run()
        solution = solver.getSolution()
        try:
            x = on_simplex(np.array(solution.col_value[:-1]))
            y = on_simplex(np.array(solution.row_dual[:-1]))
        except MetaSolverError:
            yield solve_zero_sum(matrix)
        else:
            yield _proven(matrix, x, y, gap(scaled, x, y), "HIGHS")


def new_highs() -> highspy.Highs:
    """Returns a silent HiGHS of our tolerances, for many programs of one kind."""
    quiet_highs()
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("presolve", "off")  # it costs more than it saves here
    for name, option in SOLVERS["HIGHS"].items():
        solver.setOptionValue(name, option)
    return solver


def _solve_lp(
    matrix: np.ndarray, solver: str, options: Mapping[str, float]
) -> tuple[np.ndarray, np.ndarray, float]:
    """Returns mixtures of a normalised game and their gap; raises `MetaSolverError`."""
    quiet_highs()
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
def quiet_highs() -> None:
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
