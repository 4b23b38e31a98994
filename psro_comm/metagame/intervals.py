"""Computes estimates and their 95 % intervals."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

NORMAL = 1.959964  # two-sided 95 % quantile of the normal distribution
_ROUNDING = 1e-12  # relative difference of sums of the same numbers in another order


class Interval(NamedTuple):
    """An estimate and its confidence interval; NaN limits if data are too few."""

    estimate: float
    low: float
    high: float

    @property
    def contains_zero(self) -> bool:
        """Whether zero is inside, or not excluded because limits are NaN."""
        return not (self.low > 0 or self.high < 0)

    def __neg__(self) -> "Interval":
        """Returns the interval of the negated quantity."""
        return Interval(-self.estimate, -self.high, -self.low)

    def __str__(self) -> str:
        """Returns `34.12 [33.50, 34.71]`, with as many decimals as the width needs."""
        half = (self.high - self.low) / 2
        # A width that is mere rounding counts as 0.
        known = math.isfinite(half) and half > 1e-12 * abs(self.estimate)
        digits = max(2, 1 - math.floor(math.log10(half))) if known else 2
        estimate, low, high = (f"{number:.{digits}f}" for number in self)
        return f"{estimate} [{low}, {high}]"


def normal_interval(samples: np.ndarray) -> Interval:
    """Returns the mean of `samples` [W] and its normal 95 % interval, for large W."""
    half = NORMAL * _deviation(samples) / math.sqrt(len(samples))
    return _around(float(samples.mean()), half)


def share_interval(share: float, count: float) -> Interval:
    """Returns Wilson's 95 % interval of a share of `count` samples.

        (p + z^2 / 2W -+ z sqrt(p (1 - p) / W + z^2 / 4W^2)) / (1 + z^2 / W)

    The mean of samples 0 and 1 is a share; numbers between vary less, so that the
    interval is then too wide.

    Source: Wilson 1927, J. Amer. Statist. Assoc. 22.
    """
    extra = NORMAL**2 / count
    spread = math.sqrt(share * (1.0 - share) / count + extra / (4.0 * count))
    middle, scale = share + extra / 2.0, 1.0 + extra
    low, high = (middle + sign * NORMAL * spread for sign in (-1.0, 1.0))
    return Interval(share, max(0.0, low / scale), min(1.0, high / scale))


def fall_percent(clean: np.ndarray, other: np.ndarray) -> Interval:
    """Returns the loss of return against the clean one, in percent, paired by world.

        100 (1 - R),  R = mean(other) / mean(clean),
        Var(R) = Var(other - R clean) / (W mean(clean)^2)

    Args:
      clean, other: `[W]` float64, returns in the same worlds.

    Returns:
      The interval; NaN where the clean mean is 0 or less, which has no such share.

    Source: Cochran 1977, Sampling Techniques, chapter 6 (the ratio estimator).
    """
    if float(clean.mean()) <= 0.0:
        return _around(math.nan, math.nan)
    ratio, half = _ratio(other, clean)
    return _around(100.0 * (1.0 - ratio), 100.0 * half)


def clustered_share(hits: np.ndarray, trials: np.ndarray) -> Interval:
    """Returns the share of trials that hit, where those of a world are alike.

    It is Wilson's interval at the number of independent trials that would vary as much,
    p (1 - p) / Var(p) with the variance between worlds; where all worlds have the same
    share, each counts as one trial. So no share is certain that few worlds have shown.

    Args:
      hits, trials: `[W]` numbers of each world; a world may have no trial.

    Returns:
      The interval; NaN without any trial.

    Source: Korn and Graubard 1998, Survey Methodology 24 (the effective sample size);
      Cochran 1977, chapter 6 (the ratio estimator).
    """
    if not trials.any():
        return _around(math.nan, math.nan)
    worlds = int((trials > 0).sum())
    share = float(hits.sum() / trials.sum())
    deviation = _ratio(hits, trials)[1] / NORMAL if len(trials) > 1 else 0.0
    if deviation < 1e-12:  # rounding
        return share_interval(share, worlds)
    return share_interval(share, share * (1.0 - share) / deviation**2)


def _ratio(top: np.ndarray, base: np.ndarray) -> tuple[float, float]:
    """Returns mean(top) / mean(base), both `[W]`, and its interval's half width."""
    mean = float(base.mean())
    ratio = float(top.mean()) / mean
    half = NORMAL * _deviation(top - ratio * base) / (math.sqrt(len(base)) * mean)
    return ratio, half


def std_error(interval: Interval) -> float:
    """Returns the standard error behind a normal 95 % interval."""
    return (interval.high - interval.low) / (2 * NORMAL)


def _deviation(samples: np.ndarray) -> float:
    """Returns the sample standard deviation, summed world after world.

    numpy's own order of summing would give other last digits than finished runs have.
    """
    squares = (samples - samples.mean()) ** 2
    return math.sqrt(np.cumsum(squares)[-1] / (len(samples) - 1))


def _around(mean: float, half_width: float) -> Interval:
    return Interval(mean, mean - half_width, mean + half_width)


def bootstrap(
    samples: np.ndarray,
    statistic: Callable[[np.ndarray], float],
    rng: np.random.Generator,
    num_samples: int = 1000,
    confidence: float = 0.95,
) -> Interval:
    """Returns the percentile interval of any statistic of mean payoffs.

    Each resample draws W worlds with replacement, the same ones for all cells. Noise
    makes a maximum, such as NashConv or a game's value, too large, and its percentile
    interval may miss the truth nearly always: `table_intervals` is for these.

    Args:
      samples: `[..., W]`, for example a table's returns, or two tables stacked; NaN
        where not played.
      statistic: maps the mean over worlds `[...]` to a number.
      rng: draws the worlds.
      num_samples: number of resamples.
      confidence: probability with which the interval is to cover the truth.

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
    """Returns mean payoffs of the sample, then of resamples of its worlds.

    Args:
      samples: `[..., W]`; NaN where not played.
      rng: draws W worlds with replacement, the same ones for all cells.
      num_samples: K, the number of resamples.

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
    """Returns the interval between the two tails of resampled estimates `[K]`."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return Interval(estimate, float(low), float(high))


def mean_interval(samples: np.ndarray, confidence: float = 0.95) -> Interval:
    """Returns Student's t interval of a mean, mean -+ t_{k-1} s / sqrt(k).

    Args:
      samples: `[W]` independent numbers; NaN is no data.
      confidence: probability that the interval is to cover the truth.

    Returns:
      The interval; its limits are NaN with fewer than two samples, all of it with none.
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
    """Returns how much higher a is than b: the t interval of differences by world.

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
    difference = a - b
    # What two weighted sums of the same returns differ by is rounding, not a gain.
    rounding = np.abs(difference) <= _ROUNDING * np.maximum(np.abs(a), np.abs(b))
    return mean_interval(np.where(rounding, 0.0, difference), confidence)


def across_seeds(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """Returns Student's t interval over independent runs, one value each.

    Raises:
      ValueError: a value is not finite; a mean without failed runs would be too good.
    """
    numbers = np.asarray(values, dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise ValueError(f"each seed needs a finite value, got {numbers}")
    return mean_interval(numbers, confidence)


def verdict(interval: Interval) -> str:
    """Returns a difference in words: higher, lower or "cannot tell"."""
    if math.isnan(interval.low) or math.isnan(interval.high):
        return "cannot tell: too few samples"
    if interval.contains_zero:
        return "cannot tell: the interval contains zero"
    if interval.low > 0:
        return f"higher by {interval}"
    return f"lower by {-interval}"


def unpaired_difference(a: Interval, b: Interval) -> Interval:
    """Returns how much higher a is than b, from their own intervals.

        half width = sqrt(half(a)^2 + half(b)^2)

    Of what was measured in the same worlds, too; where good worlds are good for both,
    this is wider than the interval of the paired difference.
    """
    found = a.estimate - b.estimate
    below = math.hypot(a.estimate - a.low, b.high - b.estimate)
    above = math.hypot(a.high - a.estimate, b.estimate - b.low)
    return Interval(found, found - below, found + above)


def as_dict(interval: Interval) -> dict[str, float]:
    """Returns the interval as JSON data."""
    return {k: float(v) for k, v in interval._asdict().items()}
