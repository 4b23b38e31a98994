"""Finds equilibria of two-player games of any size, by Lemke and Howson's paths."""

from collections.abc import Iterator

import numpy as np

from psro_comm.metagame.solvers.checks import MetaSolverError, normalised, on_simplex

MOST_PIVOTS = 20_000  # of a path; paths may be exponentially long
_ZERO = 1e-12  # of entries of a tableau whose payoffs are in [1, 2]


def lemke_howson(
    first: np.ndarray, second: np.ndarray, dropped: int
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the equilibrium at the end of the path that begins by dropping a label.

    Complementary pivoting in two tableaux, of A y + r = 1 and B' x + s = 1. Ties of the
    ratio test, in degenerate games, are broken lexicographically, so that no path runs
    in circles.

    Args:
      first: `[m, n]` payoffs to the player of the rows.
      second: `[m, n]` payoffs to the player of the columns.
      dropped: the label, 0 to m - 1 for rows, then columns.

    Returns:
      `[m]` and `[n]`, the mixtures.

    Raises:
      MetaSolverError: the path is too long, or rounding has lost it.

    Source: Lemke and Howson 1964; von Stengel 2002, Computing equilibria for two-person
      games, section 2.
    """
    m, n = first.shape
    a, b = normalised(first), normalised(second)
    # Variables by label: of Q, y_j is m + j and the slack of row i is i; of P, x_i is i
    # and the slack of column j is m + j.
    q = _Tableau(a, range(m), range(m, m + n))
    p = _Tableau(b.T, range(m, m + n), range(m))
    entering, table = dropped, p if dropped < m else q
    for _ in range(MOST_PIVOTS):
        entering = table.pivot(entering)
        if entering == dropped:
            return on_simplex(p.values(range(m))), on_simplex(q.values(range(m, m + n)))
        table = q if table is p else p
    raise MetaSolverError(f"Lemke-Howson: over {MOST_PIVOTS} pivots from {dropped}")


def all_paths(
    first: np.ndarray, second: np.ndarray, most: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields the equilibria at the ends of the first `most` labels' paths.

    Labels of both players take turns. A path that fails is left out; an equilibrium
    may come more than once.
    """
    m, n = first.shape
    labels = sorted(range(m + n), key=lambda k: (k if k < m else k - m, k))
    for label in labels[:most]:
        try:
            yield lemke_howson(first, second, label)
        except MetaSolverError:
            continue


class _Tableau:
    """The system table z + slack = 1, solved for a basis of labelled variables."""

    def __init__(self, table: np.ndarray, slacks: range, own: range) -> None:
        """Begins with the slacks in the basis.

        Columns are own variables, slacks, then the right side. The slacks' columns hold
        the inverse of the basis, which breaks ties.
        """
        rows = len(table)
        self._array = np.concatenate([table, np.eye(rows), np.ones((rows, 1))], axis=1)
        self._basis = list(slacks)
        self._column = {label: k for k, label in enumerate([*own, *slacks])}
        self._first_slack = len(own)

    def pivot(self, entering: int) -> int:
        """Brings a variable into the basis, and returns the one that leaves it."""
        column = self._column[entering]
        coefficients = self._array[:, column]
        rows = np.flatnonzero(coefficients > _ZERO)
        if not rows.size:
            raise MetaSolverError("Lemke-Howson: a ray")
        order = [-1, *range(self._first_slack, self._array.shape[1] - 1)]
        for k in order:
            ratios = self._array[rows, k] / coefficients[rows]
            rows = rows[ratios <= ratios.min() + _ZERO]
            if rows.size == 1:
                break
        row = int(rows[0])
        self._array[row] /= self._array[row, column]
        others = np.arange(len(self._array)) != row
        self._array[others] -= np.outer(self._array[others, column], self._array[row])
        leaving, self._basis[row] = self._basis[row], entering
        return leaving

    def values(self, labels: range) -> np.ndarray:
        """Returns the values of variables; those out of the basis are 0."""
        found = dict(zip(self._basis, self._array[:, -1], strict=True))
        return np.array([found.get(label, 0.0) for label in labels])
