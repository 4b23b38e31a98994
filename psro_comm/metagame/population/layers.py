"""Sorts policies into layers of strength, and counts the cycles through each."""

from typing import NamedTuple

import numpy as np

from psro_comm.metagame.solvers import MetaSolverError, solve_zero_sum
from psro_comm.metagame.solvers.max_entropy import max_entropy_nash

_SUPPORT = 1e-4  # a smaller weight of the most mixed equilibrium counts as 0
_MOST_ENTROPY = 60  # policies of a side, of which the most mixed equilibrium is found
_MOST_CELLS = 40_000  # of a table whose cycles are counted


class Layer(NamedTuple):
    """A layer of a population: the support of an equilibrium of what is left.

    Attributes:
      rows: places of the row player's policies; `columns` of the other's.
      value: of the game that was left.
      secures: what its rows secure against all columns of the whole game.
      concedes: what its columns concede to all rows of the whole game at most.
    """

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    value: float
    secures: float
    concedes: float


def nash_layers(matrix: np.ndarray) -> list[Layer]:
    """Returns the layers: the support of Nash, then of what is left, and so on.

    The most mixed equilibrium is taken, which is unique; of more than 60 policies a
    vertex, which may leave out some of a layer. Once one side has no policy left, the
    rest of the other is the last layer.

    Args:
      matrix: `[m, n]` payoffs to the rows.

    Source: Czarnecki et al. 2020, Real world games look like spinning tops, section 4
      (Nash clusters), here for two populations.
    """
    rows, columns = list(range(matrix.shape[0])), list(range(matrix.shape[1]))
    layers = []
    while rows and columns:
        left = matrix[np.ix_(rows, columns)]
        x, y = equilibrium_of(left)
        own = [row for row, w in zip(rows, x, strict=True) if w > _SUPPORT]
        other = [column for column, w in zip(columns, y, strict=True) if w > _SUPPORT]
        layers.append(_layer(matrix, own, other, float(x @ left @ y)))
        rows = [row for row in rows if row not in own]
        columns = [column for column in columns if column not in other]
    if rows or columns:
        layers.append(_layer(matrix, rows, columns, float("nan")))
    return layers


def equilibrium_of(left: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the most mixed equilibrium; of more than 60 policies a side, a vertex."""
    if max(left.shape) <= _MOST_ENTROPY:
        try:
            return max_entropy_nash(left)
        except MetaSolverError:  # a vertex will do
            pass
    found = solve_zero_sum(left)
    return found.x, found.y


def _layer(
    matrix: np.ndarray, rows: list[int], columns: list[int], value: float
) -> Layer:
    secures = solve_zero_sum(matrix[rows]).value if rows else float("nan")
    concedes = solve_zero_sum(matrix[:, columns]).value if columns else float("nan")
    return Layer(tuple(rows), tuple(columns), value, secures, concedes)


def cycles(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Returns through how many cycles of best responses each policy goes.

    A cycle is two rows and two columns without a saddle point: both payoffs of one
    diagonal are above both others, so that best responses go round.

    Args:
      matrix: `[m, n]` payoffs to the rows.

    Returns:
      Counts `[m]` and `[n]`; None if the table is too large to be counted.

    Source: Czarnecki et al. 2020, section 2 (cycles through a strategy), here of length
      4 in the response graph of two populations.
    """
    if matrix.size > _MOST_CELLS:
        return None
    m, n = matrix.shape
    by_row, by_column = np.zeros(m, dtype=np.int64), np.zeros(n, dtype=np.int64)
    for i in range(m):
        for k in range(i + 1, m):
            a, b = matrix[i], matrix[k]
            # Columns j, l such that min(a_j, b_l) > max(a_l, b_j).
            up, down = np.flatnonzero(a > b), np.flatnonzero(b > a)
            low = np.minimum(a[up, None], b[down])
            high = np.maximum(a[down], b[up, None])
            found = low > high
            count = int(found.sum())
            by_row[i] += count
            by_row[k] += count
            by_column[up] += found.sum(axis=1)
            by_column[down] += found.sum(axis=0)
    return by_row, by_column
