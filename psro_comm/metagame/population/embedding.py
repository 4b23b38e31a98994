"""Maps policies to points of a plane, whose products are who beats whom."""

from typing import NamedTuple

import numpy as np
from scipy.linalg import schur

_SAME = 1e-9  # of the largest payoff


class Embedding(NamedTuple):
    """Policies as points of a plane.

    Attributes:
      rows: `[m, 2]`, `columns` `[n, 2]`; the same points if both sides are one.
      share: how much of the squared payoffs the plane tells, 0 to 1.
      kind: `disc`: i beats j by the area x_i y_j - y_i x_j that their points span, so
        that whoever lies a quarter turn on is beaten; or `product`: i earns the inner
        product of its point and j's.
    """

    rows: np.ndarray
    columns: np.ndarray
    share: float
    kind: str


def schur_embedding(matrix: np.ndarray, value: float) -> Embedding:
    """Returns the plane that tells most of the payoffs.

    One population against itself has payoffs A = -A', whose real Schur decomposition
    is planes of rotation: A = sum of lambda (u v' - v u'). The largest one is a disc
    game. Two sides are the population of both, with payoffs [[0, M], [-M', 0]], M = U -
    value, whose Schur planes are pairs of singular vectors of M: the two largest are
    drawn as inner products.

    Args:
      matrix: `[m, n]` payoffs to the rows.
      value: of the game, which is taken off.

    Source: Balduzzi et al. 2019, Open-ended learning in symmetric zero-sum games,
      section 4 and appendix (disc games and the Schur decomposition).
    """
    if is_one_population(matrix):
        blocks, vectors = schur(matrix, output="real")
        speeds = np.abs(np.diag(blocks, 1))
        k = int(speeds.argmax()) if speeds.size else 0
        if not speeds.size or speeds[k] == 0:
            flat = np.zeros((len(matrix), 2))
            return Embedding(flat, flat, 1.0, "disc")
        u, v = vectors[:, k], vectors[:, k + 1]
        if blocks[k, k + 1] < 0:
            u, v = v, u
        points = np.sqrt(speeds[k]) * np.stack([u, v], axis=1)
        squares = ((matrix / np.abs(matrix).max()) ** 2).sum()
        share = float(2 * (speeds[k] / np.abs(matrix).max()) ** 2 / squares)
        return Embedding(points, points, min(share, 1.0), "disc")
    left, values, right = np.linalg.svd(matrix - value, full_matrices=False)
    sizes = np.sqrt(np.append(values[:2], [0.0, 0.0])[:2])
    rows, columns = np.zeros((matrix.shape[0], 2)), np.zeros((matrix.shape[1], 2))
    count = min(2, len(values))
    rows[:, :count] = left[:, :count] * sizes[:count]
    columns[:, :count] = right[:count].T * sizes[:count]
    squares = (values / (values[0] or 1.0)) ** 2
    share = float(squares[:2].sum() / squares.sum()) if values[0] > 0 else 1.0
    return Embedding(rows, columns, share, "product")


def is_one_population(matrix: np.ndarray) -> bool:
    """Returns whether payoffs are antisymmetric: one population against itself."""
    if matrix.shape[0] != matrix.shape[1]:
        return False
    scale = float(np.abs(matrix).max())
    return bool(np.abs(matrix + matrix.T).max() <= _SAME * scale)
