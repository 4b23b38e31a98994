"""Keeps a few huge payoffs, such as a "forbidden" of -1e10, from hiding all others.

Solvers work to a share of the spread of a table. Where a few payoffs make nearly all of
the spread, strictly dominated policies go first, and what is left is clipped: a result
is then proven in the payoffs as they are.
"""

from collections.abc import Callable

import numpy as np

from psro_comm.metagame.solvers.checks import MetaSolverError, gap

Mixtures = tuple[np.ndarray, np.ndarray]

_WIDE = 1e5  # typical spreads: a wider table is ill-scaled
_CLIPS = (1e2, 1e4)  # typical spreads around the median
_PROVEN = 1e-9  # a smaller gap needs no better one
_MET = 1e-6  # a smaller weight meets nobody
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
    return np.ptp(half, axis=(-2, -1)) > _WIDE * typical_spread(half)


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
    moved towards the rest, less and less, and the best of its results is taken.

    Args:
      payoffs: `[m, n]` payoff to the defender.
      solver: returns mixtures of a game of one scale; it may raise `MetaSolverError`.

    Raises:
      MetaSolverError: the solver failed on all of them.
    """
    rows, columns = undominated(payoffs)
    inner = payoffs[np.ix_(rows, columns)]
    middle, width = np.median(inner), typical_spread(inner)
    factors = (*_CLIPS, np.inf) if is_ill_scaled(inner) else (np.inf,)
    found: list[tuple[float, int, np.ndarray, np.ndarray]] = []
    failures = []
    for factor in factors:
        reach = factor * width if width else np.inf
        try:
            x, y = solver(np.clip(inner, middle - reach, middle + reach))
        except MetaSolverError as error:
            failures.append(str(error))
            continue
        found.append((met_gap(inner, x, y), len(found), x, y))
        if found[-1][0] < _PROVEN:
            break
    if not found:
        raise MetaSolverError("; ".join(failures))
    left, _, x, y = min(found)
    m, n = payoffs.shape
    return _embedded(x, rows, m), _embedded(y, columns, n), left


def _embedded(weights: np.ndarray, places: np.ndarray, size: int) -> np.ndarray:
    """Returns a mixture of some policies as one of all, with zeros elsewhere."""
    whole = np.zeros(size)
    whole[places] = weights
    return whole
