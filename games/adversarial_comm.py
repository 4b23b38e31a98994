"""The adversarial communication game between filter and attack, for OpenSpiel."""

from collections.abc import Sequence

import numpy as np
import pyspiel

DEFENDER = 0  # picks the row, maximises the team return
ATTACKER = 1  # picks the column, minimises it


def as_matrix_game(
    matrix: np.ndarray,
    defenders: Sequence[str],
    attackers: Sequence[str],
    name: str = "adversarial_comm",
) -> pyspiel.MatrixGame:
    """The meta-game as an OpenSpiel game, so that every OpenSpiel tool applies.

    Args:
      matrix: `[m, n]` mean team return; the attacker is paid exactly its negative.
      defenders: names of the m rows.
      attackers: names of the n columns.
      name: what OpenSpiel calls the game, in one line without double quotes.

    Raises:
      ValueError: the matrix is empty, does not fit the names or is not finite.
        OpenSpiel would take a NaN, and call the game general-sum.

    Source: paper section 4, the meta-game U.
    """
    matrix = np.asarray(matrix, dtype=np.float64)
    shape = (len(defenders), len(attackers))
    if matrix.shape != shape or matrix.size == 0:
        raise ValueError(f"{shape} names need such a matrix, got {matrix.shape}")
    for i, j in np.argwhere(~np.isfinite(matrix)):
        cell = (defenders[i], attackers[j])
        raise ValueError(f"the payoff of {cell} must be finite, got {matrix[i, j]}")
    if not name.isprintable() or '"' in name:
        raise ValueError(f"a game's name is one line without quotes, got {name!r}")
    return pyspiel.create_matrix_game(
        name, name, list(defenders), list(attackers), matrix, -matrix
    )
