"""What a payoff table says, and how sure it is.

Gains follow gameanalysis's `regret`: deviation gains first, everything else from
them, and NaN in a matrix stays NaN. Intervals resample or pair worlds, because
world w is the same world in every cell (common random numbers).
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from psro_comm.meta_solvers import solve_many
from psro_comm.payoffs import PayoffTable


class Interval(NamedTuple):
    """An estimate and its confidence interval; NaN limits if data are too few."""

    estimate: float
    low: float
    high: float

    @property
    def contains_zero(self) -> bool:
        """Whether zero is inside, or cannot be excluded because limits are NaN."""
        return not (self.low > 0 or self.high < 0)

    def __str__(self) -> str:
        """`34.12 [33.50, 34.71]`; narrow intervals get the decimals they need."""
        half = (self.high - self.low) / 2
        # A width of rounding alone is none.
        known = math.isfinite(half) and half > 1e-12 * abs(self.estimate)
        digits = max(2, 1 - math.floor(math.log10(half))) if known else 2
        estimate, low, high = (f"{number:.{digits}f}" for number in self)
        return f"{estimate} [{low}, {high}]"


def value(matrix: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    """Expected team return when both players mix, u = x' U y.

    Args:
      matrix: `[m, n]` payoff to the defender.
      x: `[m]` the defender's mixture.
      y: `[n]` the attacker's mixture.

    Source: paper section 4, expected utility.
    """
    return float(x @ matrix @ y)


def gains(matrix: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """What each player would gain by its best pure deviation within the table.

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


def regret(matrix: np.ndarray, x: np.ndarray, y: np.ndarray, player: int) -> float:
    """One player's gain: 0 is the defender, 1 the attacker; see `gains`."""
    return gains(matrix, x, y)[player]


def nash_conv(matrix: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    """Sum of both players' gains: zero exactly at an equilibrium of the table.

    A lower bound on NashConv of the whole game, whose policies the table lacks.
    See `gains` for the arguments.
    """
    return sum(gains(matrix, x, y))


def is_converged(
    gains: Sequence[float], std_errors: Sequence[float], tolerance: float
) -> bool:
    """Whether no oracle's gain stands out of the noise.

    Args:
      gains: each oracle's gain over the meta-game value, on fresh episodes: on the
        episodes that selected a best response the gain flatters itself.
      std_errors: of these gains. NaN, here or in the gains, is not convergence.
      tolerance: gain that does not matter, units of the environment.

    Source: paper algorithm 1, line 5.
    """
    threshold = np.maximum(tolerance, 2 * np.asarray(std_errors))  # keeps NaN
    return bool(np.all(np.asarray(gains) <= threshold))


def gains_converged(gains: Sequence[Interval], tolerance: float) -> bool:
    """`is_converged` of 95 % intervals."""
    errors = [(gain.high - gain.low) / (2 * 1.96) for gain in gains]
    return is_converged([gain.estimate for gain in gains], errors, tolerance)


def bootstrap(
    samples: np.ndarray,
    statistic: Callable[[np.ndarray], float],
    rng: np.random.Generator,
    num_samples: int = 1000,
    confidence: float = 0.95,
) -> Interval:
    """Percentile interval of any statistic of mean payoffs.

    Each resample draws W worlds with replacement, the same ones for all cells. A
    maximum, such as NashConv, is pushed up by noise: at an equilibrium of the table
    the whole interval lies above zero. Nash mixtures may be held fixed in
    `statistic`; solving the game anew in each resample is slow and adds little.

    Args:
      samples: `[..., W]`, for example a table's returns, or two tables stacked; NaN
        where not played.
      statistic: from the mean over worlds `[...]` to a number.
      rng: draws the worlds.
      num_samples: resamples.
      confidence: probability that the interval is to cover the truth.

    Returns:
      The statistic of the whole sample, and limits, NaN if it has only one world.

    Raises:
      ValueError: a cell has no episode, or so few that a resample missed them.

    Source: gameanalysis's idea of one function for every statistic (`bootstrap`).
    """
    means = resampled_means(samples, rng, num_samples)
    estimate, *resampled = (float(statistic(mean)) for mean in means)
    if samples.shape[-1] < 2:
        return Interval(estimate, math.nan, math.nan)
    return percentiles(estimate, np.array(resampled), confidence)


def resampled_means(
    samples: np.ndarray, rng: np.random.Generator, num_samples: int
) -> np.ndarray:
    """Mean payoffs of the sample, then of resamples of its worlds.

    Args:
      samples: `[..., W]`; NaN where not played.
      rng: draws W worlds with replacement, the same ones for all cells.
      num_samples: K resamples.

    Returns:
      `[K + 1, ...]`, the whole sample first.

    Raises:
      ValueError: a cell has no episode, or so few that a resample missed them.
    """
    cells, num_worlds = samples.shape[:-1], samples.shape[-1]
    flat = samples.reshape(-1, num_worlds)
    played = np.isfinite(flat)
    flat = np.where(played, flat, 0.0)
    counts = rng.multinomial(
        num_worlds, np.full(num_worlds, 1 / num_worlds), size=num_samples
    )
    counts = np.vstack([np.ones((1, num_worlds)), counts])  # first the sample itself
    episodes = counts @ played.T.astype(np.float64)
    if not episodes.all():
        raise ValueError("cannot bootstrap: a cell has no episodes, or too few")
    return (counts @ flat.T / episodes).reshape(-1, *cells)


def percentiles(
    estimate: float, resampled: np.ndarray, confidence: float = 0.95
) -> Interval:
    """The interval between the two tails of resampled estimates `[K]`."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return Interval(estimate, float(low), float(high))


def value_interval(
    samples: np.ndarray, rng: np.random.Generator, num_samples: int = 1000
) -> Interval:
    """Value of the zero-sum game, solved anew in each resample of worlds.

    Args:
      samples: `[m, n, W]` team returns.
      rng: draws the worlds.
      num_samples: resamples.

    Raises:
      ValueError: as `resampled_means`.
    """
    means = resampled_means(samples, rng, num_samples)
    estimate, *resampled = (game.value for game in solve_many(means))
    if samples.shape[-1] < 2:
        return Interval(estimate, math.nan, math.nan)
    return percentiles(estimate, np.array(resampled))


def mean_interval(samples: np.ndarray, confidence: float = 0.95) -> Interval:
    """Student's t interval of a mean, mean -+ t_{k-1} s / sqrt(k).

    Args:
      samples: `[W]` independent numbers; NaN is no data.
      confidence: probability that the interval is to cover the truth.

    Returns:
      Limits are NaN with fewer than two samples, all is NaN with none.
    """
    samples = np.asarray(samples, dtype=np.float64)
    samples = samples[~np.isnan(samples)]
    mean = float(samples.mean()) if samples.size else math.nan
    if samples.size < 2:
        return Interval(mean, math.nan, math.nan)
    std_error = float(samples.std(ddof=1)) / math.sqrt(samples.size)
    half = float(stdtrit(samples.size - 1, (1 + confidence) / 2)) * std_error
    return Interval(mean, mean - half, mean + half)


def paired_difference(
    a: np.ndarray, b: np.ndarray, confidence: float = 0.95
) -> Interval:
    """How much higher a is than b, t interval of the differences by world.

    Args:
      a: `[W]` returns by world; NaN where not played.
      b: `[W]` returns in the same worlds.
      confidence: probability that the interval is to cover the truth.

    Raises:
      ValueError: a and b do not have one number for each of the same worlds.
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"pairs need two [W], got {a.shape} and {b.shape}")
    return mean_interval(a - b, confidence)


def mixture_returns(
    table: PayoffTable, x: np.ndarray, y: np.ndarray, *, quantity: str = "returns"
) -> np.ndarray:
    """Expected return in each world when both players mix.

        u_w = sum_i sum_j x_i y_j U_w[i, j]

    Args:
      table: m defenders against n attackers over W worlds.
      x: `[m]` the defender's mixture.
      y: `[n]` the attacker's mixture.
      quantity: `success` or `distortion` instead.

    Returns:
      `[W]`; NaN in worlds where a cell of positive weight was not played.
    """
    rows, columns = np.flatnonzero(x), np.flatnonzero(y)  # else NaN * 0 = NaN
    supported = getattr(table, quantity)[np.ix_(rows, columns)]
    return np.einsum("i,j,ijw->w", x[rows], y[columns], supported)


def across_seeds(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """Student's t interval over independent runs, one value each.

    Raises:
      ValueError: a value is NaN. Leaving out failed runs would flatter the rest.
    """
    numbers = np.asarray(values, dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise ValueError(f"each seed needs a finite value, got {numbers}")
    return mean_interval(numbers, confidence)


def verdict(interval: Interval) -> str:
    """A difference in words: higher, lower, or an honest "cannot tell"."""
    if math.isnan(interval.low) or math.isnan(interval.high):
        return "cannot tell: too few samples"
    if interval.contains_zero:
        return "cannot tell: the interval contains zero"
    if interval.low > 0:
        return f"higher by {interval}"
    size = Interval(-interval.estimate, -interval.high, -interval.low)
    return f"lower by {size}"


def as_dict(interval: Interval) -> dict[str, float]:
    """An interval as JSON data."""
    return {k: float(v) for k, v in interval._asdict().items()}
