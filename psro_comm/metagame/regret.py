"""Computes values, gains and NashConv of payoff tables.

Gains follow gameanalysis's `regret`: deviation gains first, everything else from
them, and NaN in a matrix stays NaN.
"""

from collections.abc import Sequence

import numpy as np

from psro_comm.metagame.intervals import Interval, std_error
from psro_comm.metagame.payoffs import PayoffTable


def value(matrix: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    """Returns the expected team return when both players mix, u = x' U y.

    Args:
      matrix: `[m, n]` payoff to the defender.
      x: `[m]` the defender's mixture.
      y: `[n]` the attacker's mixture.

    Source: paper section 4, expected utility.
    """
    return float(x @ matrix @ y)


def gains(matrix: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Returns each player's gain by its best pure deviation within the table.

        g_defender = max_i (U y)_i - x' U y,   g_attacker = x' U y - min_j (x' U)_j

    Args:
      matrix: `[m, n]` payoff to the defender.
      x: `[m]` the defender's mixture.
      y: `[n]` the attacker's mixture.

    Returns:
      The defender's and the attacker's gain, never negative.

    Source: paper algorithm 1, line 9 (the test of convergence).
    """
    here = value(matrix, x, y)
    # A best deviation cannot lose: what is below zero is rounding. NaN stays NaN.
    defender = np.maximum((matrix @ y).max() - here, 0.0)
    attacker = np.maximum(here - (x @ matrix).min(), 0.0)
    return float(defender), float(attacker)


def nash_conv(matrix: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    """Returns the sum of both players' gains: zero exactly at the table's equilibria.

    It is a lower bound on NashConv of the whole game, whose policies the table lacks.
    The arguments are those of `gains`.
    """
    return sum(gains(matrix, x, y))


def is_converged(
    gains: Sequence[float], std_errors: Sequence[float], tolerance: float
) -> bool:
    """Returns whether no oracle's gain is larger than its noise.

    Args:
      gains: each oracle's gain over the meta-game value, on fresh episodes: on the
        episodes that selected a best response the gain is too large.
      std_errors: standard errors of these gains. NaN, here or there, is no convergence.
      tolerance: gain that does not matter, in returns.

    Source: paper algorithm 1, line 5.
    """
    threshold = np.maximum(tolerance, 2 * np.asarray(std_errors))  # keeps NaN
    return bool(np.all(np.asarray(gains) <= threshold))


def gains_converged(gains: Sequence[Interval], tolerance: float) -> bool:
    """Returns whether no gain, given as a 95 % interval, is larger than its noise."""
    errors = [std_error(gain) for gain in gains]
    return is_converged([gain.estimate for gain in gains], errors, tolerance)


def mixture_returns(
    table: PayoffTable, x: np.ndarray, y: np.ndarray, *, quantity: str = "returns"
) -> np.ndarray:
    """Returns the expected return in each world when both players mix.

        u_w = sum_i sum_j x_i y_j U_w[i, j]

    Args:
      table: m defenders against n attackers over W worlds.
      x: `[m]` the defender's mixture.
      y: `[n]` the attacker's mixture.
      quantity: `returns`, or `success` or `distortion` instead.

    Returns:
      `[W]`; NaN in worlds where a cell of positive weight was not played.
    """
    rows, columns = np.flatnonzero(x), np.flatnonzero(y)  # else NaN * 0 = NaN
    supported = getattr(table, quantity)[np.ix_(rows, columns)]
    return np.einsum("i,j,ijw->w", x[rows], y[columns], supported)
