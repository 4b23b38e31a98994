"""Keeps a few huge payoffs, such as a "forbidden" of -1e10, from hiding all others.

Solvers work to a share of the spread of a table. Where a few payoffs make nearly all of
the spread, strictly dominated policies go first, what is left is clipped, and the
mixtures of the supports that were found are computed anew: a result is then proven in
the payoffs as they are.
"""

from collections.abc import Callable
from functools import wraps

import numpy as np

from psro_comm.metagame.solvers.checks import (
    MetaSolverError,
    checked,
    gap,
    on_simplex,
)

Mixtures = tuple[np.ndarray, np.ndarray]

WIDE = 1e5  # typical spreads: a wider table is ill-scaled
_CLIPS = (1e2, 1e4, 1e6)  # typical spreads around the median
_PROVEN = 1e-9  # a smaller gap needs no better one
_MET = 1e-6  # a smaller weight meets nobody
_NONE = 1e-7  # a smaller weight of a clipped game is rounding
_LEAST = 1e-3  # of the typical spread: payoffs met may differ by nothing


def typical_spread(tables: np.ndarray) -> np.ndarray:
    """Returns a spread that a few payoffs, a row or a column of them cannot make huge.

    It is the least that is not 0 of the spread of the middle half of the payoffs and of
    the median spreads within a row and within a column; of all payoffs if all are 0.

    Args:
      tables: `[..., m, n]`.

    Returns:
      `[...]`.
    """
    flat = tables.reshape(*tables.shape[:-2], -1)
    low, high = np.quantile(flat, [0.25, 0.75], axis=-1)
    within = (np.median(np.ptp(tables, axis=side), axis=-1) for side in (-1, -2))
    spreads = np.array([high - low, *within])
    least = np.where(spreads > 0, spreads, np.inf).min(axis=0)
    return np.where(np.isfinite(least), least, np.ptp(flat, axis=-1))


def is_ill_scaled(tables: np.ndarray) -> np.ndarray:
    """Returns whether a few payoffs make nearly all of the spread, `[...]` bool."""
    half = np.ldexp(tables, -1)  # no spread overflows
    return np.ptp(half, axis=(-2, -1)) > WIDE * typical_spread(half)


def met_spread(payoffs: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    """Returns the spread of the payoffs that two mixtures meet, above 0 if any is.

    Of pure strategies, which meet one payoff, it is the typical one of the game.
    """
    met = payoffs[np.ix_(x > _MET, y > _MET)]
    typical = float(typical_spread(payoffs))
    return typical if met.size == 1 else max(float(np.ptp(met)), _LEAST * typical)


def met_gap(payoffs: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    """Returns NashConv of two mixtures over the spread of the payoffs that they meet.

    Beside one payoff of -1e10, NashConv 2 is nothing of the whole spread; it is much of
    the payoffs that are played for.
    """
    _, exponent = np.frexp(np.abs(payoffs).max())
    payoffs = np.ldexp(payoffs, -exponent)
    payoffs = payoffs - np.median(payoffs)
    left = float(np.maximum(gap(payoffs, x, y), 0.0))  # keeps NaN
    return 0.0 if left == 0 else left / met_spread(payoffs, x, y)


def undominated(payoffs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns rows and columns that survive strict dominance by a single other one.

    Dominated ones are taken away in turns until none is left; no equilibrium plays
    them. Comparisons are exact, whatever the scale.

    Returns:
      Indices of rows and of columns.
    """
    rows, columns = (np.arange(size) for size in payoffs.shape)
    while True:
        here = payoffs[np.ix_(rows, columns)]
        kept_rows, kept_columns = ~_dominated(here), ~_dominated(-here.T)
        if kept_rows.all() and kept_columns.all():
            return rows, columns
        if not kept_rows.all():
            rows = rows[kept_rows]
        else:
            columns = columns[kept_columns]


def _dominated(payoffs: np.ndarray) -> np.ndarray:
    return np.array([(payoffs > row).all(axis=1).any() for row in payoffs])


def by_scale(
    payoffs: np.ndarray, solver: Callable[[np.ndarray], Mixtures]
) -> tuple[np.ndarray, np.ndarray, float]:
    """Returns mixtures of an ill-scaled game, and their `met_gap` in it.

    Dominated policies are left out; then the solver is given payoffs with outliers
    moved towards the rest, less and less. The best of its results is taken, and of what
    their supports make of the payoffs as they are.

    Args:
      payoffs: `[m, n]` payoff to the defender.
      solver: returns mixtures of a game of one scale; it may raise `MetaSolverError`.

    Raises:
      MetaSolverError: the solver failed on all of them.
    """
    rows, columns = undominated(payoffs)
    inner = payoffs[np.ix_(rows, columns)]
    middle, width = np.median(inner), float(typical_spread(payoffs))
    factors = (*_CLIPS, np.inf) if np.ptp(inner) > WIDE * width else (np.inf,)
    found: list[tuple[float, int, np.ndarray, np.ndarray]] = []
    failures = []
    for factor in factors:
        reach = factor * (width or 1.0)
        try:
            x, y = solver(np.clip(inner, middle - reach, middle + reach))
        except MetaSolverError as error:
            failures.append(str(error))
            continue
        for pair in ((x, y), _on_supports(inner, x, y)):
            if pair is not None:
                whole = _embedded(pair, (rows, columns), payoffs.shape)
                found.append((met_gap(payoffs, *whole), len(found), *whole))
        if min(found)[0] < _PROVEN:
            break
    if not found:
        raise MetaSolverError("; ".join(failures))
    left, _, x, y = min(found)
    return x, y, left


def of_one_scale(solver: Callable[..., Mixtures]) -> Callable[..., Mixtures]:
    """Returns a solver that refuses ill-scaled games, for steps sized by the spread.

    Only dominated policies may make a game ill-scaled: they are left out. Weights that
    are small, but not 0, would lose all that is played for on a payoff of -1e10.
    """

    @wraps(solver)
    def solve(
        payoffs: np.ndarray, std_errors: np.ndarray | None = None, /, **how: float
    ) -> Mixtures:
        payoffs = checked(payoffs)
        if not is_ill_scaled(payoffs):
            return solver(payoffs, std_errors, **how)
        rows, columns = undominated(payoffs)
        inner = payoffs[np.ix_(rows, columns)]
        if is_ill_scaled(inner):
            spreads = f"{np.ptp(inner):.1e}, most over {typical_spread(inner):.1e}"
            raise MetaSolverError(f"payoffs spread over {spreads}: too wide for it")
        found = solver(inner, None, **how)
        return _embedded(found, (rows, columns), payoffs.shape)

    return solve


def _on_supports(payoffs: np.ndarray, x: np.ndarray, y: np.ndarray) -> Mixtures | None:
    """Returns the mixtures of two supports that make each other indifferent, if any.

    They are right to the last digits, weights of 1e-10 included: each is solved for in
    units of the largest payoff that it meets.
    """
    rows, columns = np.flatnonzero(x > _NONE), np.flatnonzero(y > _NONE)
    if len(rows) != len(columns):
        return None
    met = payoffs[np.ix_(rows, columns)] - np.median(payoffs)
    try:
        pair = [_indifferent(met), _indifferent(met.T)]
    except np.linalg.LinAlgError:
        return None
    if not min(each.min() for each in pair) > -1e-12:
        return None
    x, y = map(on_simplex, pair)
    return _embedded((x, y), (rows, columns), payoffs.shape)


def _indifferent(payoffs: np.ndarray) -> np.ndarray:
    """Returns weights `[k]` of sum 1 that earn the same in all k columns."""
    size = len(payoffs)
    unit = np.abs(payoffs).max(axis=1)
    unit[unit == 0] = 1.0
    system = np.zeros((size + 1, size + 1))
    system[:size, :size], system[:size, size] = (payoffs / unit[:, None]).T, -1.0
    system[size, :size] = 1 / unit
    right = np.eye(size + 1)[size]
    found = np.linalg.solve(system, right)
    found += np.linalg.solve(system, right - system @ found)
    weights: np.ndarray = found[:size] / unit
    return weights


def _embedded(
    mixtures: Mixtures, places: tuple[np.ndarray, np.ndarray], shape: tuple[int, ...]
) -> Mixtures:
    """Returns mixtures of some policies as mixtures of all, with zeros elsewhere."""
    x, y = map(np.zeros, shape)
    x[places[0]], y[places[1]] = mixtures
    return x, y
