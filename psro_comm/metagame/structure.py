"""Describes a payoff table's structure: ratings, cycles, dominance, sensitivity."""

from typing import Any

import numpy as np

from psro_comm.metagame.meta_game import MetaGame
from psro_comm.metagame.solvers import solve_many

EDGE = 1e-9  # of the typical spread: a larger margin is more than rounding
_ROUNDING = 1e-15  # of the largest payoff, of a cell
_PROBES = 256  # mixtures whose best responses need no proof of not being dominated


def additive_parts(
    matrix: np.ndarray,
) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
    """Splits a table into a mean, ratings of both sides and a cyclic part.

        U_ij = mean + a_i + b_j + C_ij,   sum(a) = sum(b) = 0,  rows, columns of C sum 0

    The Hodge decomposition of the flow U on the complete bipartite graph of defenders
    and attackers: a, b are its gradient (ratings: a game of them alone is transitive,
    each side has one best policy), C circulates around squares i, j, k, l.

    Args:
      matrix: `[..., m, n]` payoffs.

    Returns:
      The mean `[...]`, a `[..., m]`, b `[..., n]` and C `[..., m, n]`; orthogonal to
      each other. The mean of a single table is a float.

    Source: Jiang, Lim, Yao, Ye 2011, Statistical ranking and combinatorial Hodge
      theory, section 4; Balduzzi et al. 2019, Open-ended learning, section 2.
    """
    mean = matrix.mean(axis=(-2, -1))
    rows = matrix.mean(axis=-1) - mean[..., None]
    columns = matrix.mean(axis=-2) - mean[..., None]
    cyclic = matrix - mean[..., None, None] - rows[..., :, None] - columns[..., None, :]
    return (float(mean) if matrix.ndim == 2 else mean), rows, columns, cyclic


def cyclic_share(matrix: np.ndarray) -> float:
    """Returns the share of the payoffs' variance that ratings do not explain, 0 to 1.

    ||C||^2 / ||U - mean||^2 of `additive_parts`; 0 for a constant table. Noise alone
    adds (m - 1)(n - 1) variances of a cell to ||C||^2: read it with its interval.
    """
    mean, _, _, cyclic = additive_parts(matrix)
    total = float(((matrix - mean) ** 2).sum())
    scale = (EDGE * np.abs(matrix).max()) ** 2
    round_ = float((cyclic**2).sum())
    rounding = (_ROUNDING * np.abs(matrix).max()) ** 2 * matrix.size
    return round_ / total if total > scale and round_ > rounding else 0.0


def dominance_margins(matrix: np.ndarray) -> np.ndarray:
    """Returns by how much a mixture of rows beats each row in every column at least.

        d_i = max_x min_j (x' U - U_i)_j,   never negative; positive: strictly dominated

    It is the value of the game whose payoffs are measured against row i. A row that is
    a best response to some mixture of columns is not dominated: most rows need no game.

    Args:
      matrix: `[m, n]` to the player of the rows; `-matrix.T` for the columns.

    Returns:
      `[m]` margins.
    """
    n = matrix.shape[1]
    few = np.random.default_rng(0).dirichlet(np.full(n, 0.3), size=_PROBES)
    (solved,) = solve_many([matrix])
    mixtures = np.vstack([np.eye(n), few, solved.y])
    open_ = np.ones(len(matrix), bool)
    open_[(matrix @ mixtures.T).argmax(axis=0)] = False
    margins = np.zeros(len(matrix))
    asked = np.flatnonzero(open_)
    games = solve_many(matrix - matrix[row] for row in asked)
    margins[asked] = [max(game.value, 0.0) for game in games]
    return margins


def value_shares(x: np.ndarray, y: np.ndarray, std_error: np.ndarray) -> np.ndarray:
    """Returns each cell's share of the variance of the game's value, `[m, n]`.

        dv / dU_ij = x_i y_j,   hence (x_i y_j s_ij)^2 over their sum

    to first order and for independent cells. They sum to 1; all are zero where the
    value has no noise.

    Source: envelope theorem; Mills 1956, Marginal values of matrix games.
    """
    variance = (np.outer(x, y) * std_error) ** 2
    total = variance.sum()
    return variance / total if total > 0 else variance


def cells_by_share(
    game: MetaGame, x: np.ndarray, y: np.ndarray
) -> list[dict[str, Any]]:
    """Returns every cell, in order of its share in the value's uncertainty."""
    noise = game.std_error if game.std_error is not None else np.zeros(game.mean.shape)
    shares = value_shares(x, y, noise)
    order = np.argsort(-shares, axis=None, kind="stable")
    cells = []
    for i, j in zip(*np.unravel_index(order, shares.shape), strict=True):
        cell: dict[str, Any] = {
            "defender": game.defenders[i],
            "attacker": game.attackers[j],
            "mean": float(game.mean[i, j]),
            "share_of_value_variance": float(shares[i, j]),
        }
        if game.std_error is not None:
            cell["std_error"] = float(game.std_error[i, j])
        if game.episodes is not None:
            cell["episodes"] = int(game.episodes[i, j])
        cells.append(cell)
    return cells
