"""Makes one table of both players' payoffs, if they sum to a constant."""

import numpy as np

from psro_comm.metagame.formats.options import Options

SUM_TOLERANCE = 1e-5  # of a payoff, and of the spread; 6 digits round by less
_EXACT = 1e-12  # of the largest payoff: sums of doubles


class NotConstantSumError(ValueError):
    """The error that two players' payoffs do not sum to a constant."""


def centred(
    first: np.ndarray, second: np.ndarray, options: Options
) -> tuple[np.ndarray, list[str]]:
    """Returns the row player's payoffs less half of the constant sum, and notes.

        u = (first - second) / 2,   where first + second is the same in all cells

    Equilibria and dominance are those of the file; the value is that of the row player
    less half of the sum.

    Args:
      first, second: payoffs to both players, of one shape.
      options: the tolerance for rounded files.

    Raises:
      NotConstantSumError: the sums differ from cell to cell, by more than rounding.
    """
    total = first + second
    size = np.maximum(np.abs(first), np.abs(second))
    spread = max(np.ptp(first), np.ptp(second))
    given, exact = options.sum_tolerance, _EXACT * size.max()
    # Neither one huge payoff nor a large constant may hide what is not zero-sum.
    allowed = SUM_TOLERANCE * np.minimum(spread, size) if given is None else given
    middle = float(np.median(total))
    if abs(middle) <= max(SUM_TOLERANCE * spread, exact):
        middle = 0.0
    if not (np.abs(total - middle) <= allowed + exact).all():
        raise NotConstantSumError(
            "it is not zero-sum: the players' payoffs sum to"
            f" {total.min():.6g} in one cell and to {total.max():.6g} in another"
            " (--sum_tolerance is for rounded files)"
        )
    notes = []
    if np.ptp(total) > exact:
        notes.append(
            f"the players' payoffs sum to {total.min():.6g} up to {total.max():.6g},"
            " taken for rounding: half of their difference is the payoff"
        )
    if not middle:
        return (first if not total.any() else (first - second) / 2), notes
    notes.append(
        f"the players' payoffs sum to {middle:.6g}: half of it, {middle / 2:.6g}, is"
        " taken off, so that the game is zero-sum"
    )
    return (first - second) / 2, notes
