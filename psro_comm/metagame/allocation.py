"""Says where new episodes narrow the interval of a game's value most.

It knows no simulator: who has one plays the list, here or elsewhere.
"""

from numbers import Real
from typing import NamedTuple

import numpy as np

from psro_comm.metagame.intervals import NORMAL
from psro_comm.metagame.meta_game import MetaGame
from psro_comm.metagame.solvers import solve_many
from psro_comm.metagame.table_intervals import DRAWS, noise_of, value_interval

_SOLVED = 100  # resamples that are solved for the sensitivities
BATCH = 32  # episodes that a cell gets at once
_ROUND = 0.5  # of the missing width, which a round closes
_MOST = 1e12  # episodes that anybody plays
_CLOSE = 1.1  # widths: then the next round goes all the way
_SPARE = 0.97  # of the width: a hair's breadth is no reason for another round


class Known(NamedTuple):
    """How well the value of a game is known, and what that depends on.

    Attributes:
      sensitivity: `[m, n]` effect of each cell on the value.
      deviation: `[m, n]` standard deviation of one episode.
      episodes: `[m, n]` episodes of each cell.
      half_width: half-width of the value's 95 % interval, as an analysis prints it.
    """

    sensitivity: np.ndarray
    deviation: np.ndarray
    episodes: np.ndarray
    half_width: float

    @property
    def stretch(self) -> float:
        """The half-width over that of first order, which episodes are counted by."""
        first = half_width(self.sensitivity, self.deviation, self.episodes)
        return self.half_width / first if first > 0 else 1.0


def known(game: MetaGame, rng: np.random.Generator, draws: int = DRAWS) -> Known:
    """Returns how well a game's value is known.

    dv / dU_ij = x_i y_j at the equilibrium, but noise moves the equilibrium too: a
    cell's sensitivity is the root mean square over resamples, so that cells that are in
    the support of some only count as often as they are.

    Raises:
      ValueError: the game has no standard errors or no numbers of episodes.
    """
    if game.std_error is None or game.episodes is None:
        raise ValueError(
            f"{game.title}: standard errors and episodes of every cell are needed to"
            " say what new episodes would bring"
        )
    noise = noise_of(game, rng, draws)
    assert noise is not None
    (solved,) = solve_many([game.mean])
    found = value_interval(game.mean, noise, solved.x, solved.y)
    weights = [
        np.outer(each.x, each.y) ** 2
        for each in solve_many(game.mean + error for error in noise.errors[:_SOLVED])
    ]
    return Known(
        np.sqrt(np.mean(weights, axis=0)),
        game.std_error * np.sqrt(game.episodes),
        game.episodes,
        (found.high - found.low) / 2,
    )


def half_width(
    sensitivity: np.ndarray, deviation: np.ndarray, episodes: np.ndarray
) -> float:
    """Returns the half-width of the value's 95 % interval, to first order.

        1.96 sqrt( sum_ij w_ij^2 s_ij^2 / n_ij )

    Args:
      sensitivity: `[m, n]` w.
      deviation: `[m, n]` s, standard deviation of one episode.
      episodes: `[m, n]` n, episodes of independent cells.
    """
    return NORMAL * float(np.sqrt(((sensitivity * deviation) ** 2 / episodes).sum()))


def allocate(
    sensitivity: np.ndarray, deviation: np.ndarray, episodes: np.ndarray, batches: int
) -> np.ndarray:
    """Returns how many of the next batches each cell gets, to narrow the interval most.

        gain = w^2 s^2 (1 / n - 1 / (n + BATCH)),   greedily

    which tends to n ~ w s. Greedy is optimal, because a cell's gains decrease.

    Returns:
      `[m, n]` int: batches of `BATCH` episodes for each cell.

    Source: Neyman 1934, optimal allocation of a stratified sample.
    """
    variance, played = (sensitivity * deviation) ** 2, episodes.astype(np.float64)
    given = np.zeros(episodes.shape, dtype=np.int64)
    for _ in range(batches):
        gain = variance * (1 / played - 1 / (played + BATCH))
        cell = np.unravel_index(int(gain.argmax()), gain.shape)
        given[cell] += 1
        played[cell] += BATCH
    return given


def even_episodes(sensitivity: np.ndarray, deviation: np.ndarray, width: float) -> int:
    """Returns all episodes needed for a half-width if every cell got as many."""
    each = ((sensitivity * deviation) ** 2).sum() * (NORMAL / width) ** 2
    return int(np.ceil(each)) * sensitivity.size


def wanted(now: Known, width: float) -> np.ndarray:
    """Returns how many more episodes of each cell make the interval as narrow.

    n_ij = max(present, c w_ij s_ij) with the smallest c that reaches the width.

    Args:
      now: what is known.
      width: half-width to reach.

    Returns:
      `[m, n]` int.

    Raises:
      ValueError: they are more than can be played, or counted.
    """
    present = now.episodes.astype(np.int64)
    if now.half_width <= width:
        return np.zeros_like(present)
    product, target = now.sensitivity * now.deviation, width / now.stretch
    # With every cell at c w s, the bound is reached at this c: an upper end.
    least, most = 0.0, (NORMAL / target) ** 2 * float(product.sum())
    for _ in range(50):
        middle = (least + most) / 2
        played = np.maximum(present, middle * product)
        reached = half_width(now.sensitivity, now.deviation, played)
        least, most = (middle, most) if reached > target else (least, middle)
    more = np.ceil(np.maximum(present, most * product) - present)
    if not more.sum() <= _MOST:
        raise ValueError(
            f"--width is {width:g}: it takes some {more.sum():.0e} episodes, at most"
            f" {_MOST:.0e} are planned"
        )
    return more.astype(np.int64)


def next_round(now: Known, width: float) -> np.ndarray:
    """Returns the episodes of the next round, `[m, n]` int: half of the way to a width.

    After it the game is solved anew, because the equilibrium may have moved.
    """
    if width < now.half_width <= _CLOSE * width:
        return wanted(now, _SPARE * width)
    gap = max(now.half_width - width, 0.0)
    return wanted(now, now.half_width - _ROUND * gap)


def checked_width(width: float) -> float:
    """Returns the half-width to reach, if it is allowed.

    Raises:
      ValueError: it is not positive and finite.
    """
    if not isinstance(width, Real) or not 0 < width < np.inf:
        raise ValueError(f"width is {width!r}, must be positive")
    return width
