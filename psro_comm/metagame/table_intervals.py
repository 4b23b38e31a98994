"""Intervals of numbers that depend on a whole table, which keep their promise.

A maximum over noisy payoffs is too large (the winner's curse), and its bootstrap more
so: with similar policies on one side, the percentile interval of a game's value covers
the truth in 5 of 100 tables. The intervals here take the worst of what the data leave
open; `docs/meta_games.md` has their measured coverage.
"""

import math
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri, stdtrit

from psro_comm.metagame.intervals import NORMAL, Interval, resampled_means
from psro_comm.metagame.meta_game import MetaGame
from psro_comm.metagame.solvers import solve_many, values
from psro_comm.metagame.structure import additive_parts

FEW_WORLDS = 10  # with fewer nothing was measured
COVERAGE = 0.95  # that the intervals aim at
WORST = 0.75  # measured in their worst family: a row that is best and flat
DRAWS = 200  # enough for the laws of the value
_TAIL = (1 - COVERAGE) / 2
_STRETCH = 10.0  # of the numerical delta method: makes every near-tie a tie


class Noise(NamedTuple):
    """The errors that a table's means may have.

    Attributes:
      errors: `[K, m, n]` draws of them.
      std_error: `[m, n]` their standard errors.
      quantile: of the two-sided 95 % interval of a single mean.
      worlds: least number of worlds behind a mean; 0 if errors are normal.
    """

    errors: np.ndarray
    std_error: np.ndarray
    quantile: float
    worlds: int

    def mirrored(self) -> "Noise":
        """Returns the errors as the other side counts them: transposed, negated."""
        turned = -self.errors.transpose(0, 2, 1)
        return self._replace(errors=turned, std_error=self.std_error.T)


def noise_of(game: MetaGame, rng: np.random.Generator, draws: int) -> Noise | None:
    """Returns draws of the errors of a game's payoffs; None if nothing is known.

    By world where returns are known in at least two worlds of each cell; with standard
    errors alone they are normal, independent, and centred.

    Raises:
      ValueError: a cell has so few episodes that a resample missed them all.
    """
    if game.returns is not None and np.isfinite(game.returns).sum(axis=-1).min() > 1:
        return noise_by_world(game.returns, rng, draws)
    if game.std_error is None:
        return None
    errors = rng.standard_normal((draws, *game.mean.shape)) * game.std_error
    return Noise(errors - errors.mean(axis=0), game.std_error, NORMAL, worlds=0)


def noise_by_world(returns: np.ndarray, rng: np.random.Generator, draws: int) -> Noise:
    """Returns draws of the errors of means over worlds.

    Worlds are drawn with replacement, the same ones for all cells (they are
    correlated); errors are widened by sqrt(W / (W - 1)), W worlds of a cell, and
    Student's t is the law of one of them.

    Args:
      returns: `[m, n, W]`; NaN where not played, at least two worlds in each cell.
      rng: draws the worlds.
      draws: K, the number of resamples.

    Raises:
      ValueError: a cell has so few episodes that a resample missed them all.
    """
    counts = np.isfinite(returns).sum(axis=-1)
    means = resampled_means(returns, rng, draws)
    squares = np.nansum((returns - means[0][..., None]) ** 2, axis=-1)
    quantile = float(stdtrit(counts.min() - 1, 1 - _TAIL))
    return Noise(
        (means[1:] - means[0]) * np.sqrt(counts / (counts - 1)),
        np.sqrt(squares / (counts - 1) / counts),
        quantile,
        worlds=int(counts.min()),
    )


def value_interval(
    mean: np.ndarray, noise: Noise, x: np.ndarray, y: np.ndarray
) -> Interval:
    """Returns the interval of a game's value: the worst of four laws of its error.

    1. a clear equilibrium: the spread of x' E y, for normal errors;
    2. every near-tie a tie: (val(U + 10 E) - v) / 10;
    3. interaction of U shrunk to what noise does not explain: val(S + E) - val(S);
    4. and ratings of both sides as well.

        low = v - z / 1.96 max of their upper quantiles,  high = v - z / 1.96 min of
        their lower ones

    Args:
      mean: `[m, n]` U.
      noise: draws of E.
      x, y: its equilibrium.

    Source: delta method of max-min (Shapiro 1991), numerical delta method (Hong and Li
      2018), worst case over what the data leave open (Berger and Boos 1994); measured
      in `psro_comm/validation/coverage.py`.
    """
    errors, value = noise.errors[:DRAWS], float(x @ mean @ y)
    spread = float(np.einsum("i,kij,j->k", x, errors, y).std())
    low, high = [-NORMAL * spread], [NORMAL * spread]
    for drawn in (
        (values(mean + _STRETCH * errors) - value) / _STRETCH,
        *(_around(shrunk, errors) for shrunk in _shrunk(mean, errors)),
    ):
        low.append(float(np.quantile(drawn, _TAIL)))
        high.append(float(np.quantile(drawn, 1 - _TAIL)))
    wider = noise.quantile / NORMAL
    return Interval(value, value - wider * max(high), value - wider * min(low))


def sampled_value(
    returns: np.ndarray, rng: np.random.Generator, draws: int = DRAWS
) -> Interval:
    """Returns the value of the game of mean returns, and its `value_interval`.

    Args:
      returns: `[m, n, W]` team returns by world; NaN where not played.
      rng: draws the worlds.
      draws: number of resamples.

    Returns:
      The interval; its limits are NaN where a cell has fewer than two worlds.

    Raises:
      ValueError: a cell has no episode, or so few that a resample missed them.
    """
    few = np.isfinite(returns).sum(axis=-1).min() < 2
    mean = resampled_means(returns, rng, 0)[0]
    (solved,) = solve_many([mean])
    if few:
        return Interval(solved.value, math.nan, math.nan)
    noise = noise_by_world(returns, rng, draws)
    return value_interval(mean, noise, solved.x, solved.y)


def _around(mean: np.ndarray, errors: np.ndarray) -> np.ndarray:
    return values(mean + errors) - values(mean[None])


def _shrunk(mean: np.ndarray, errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns U with its interaction shrunk, and with its ratings shrunk as well.

    Every part is multiplied by 1 - E||P(E)||^2 / ||P(U)||^2, at least 0.
    """
    middle, *parts = additive_parts(mean)
    _, *noisy = additive_parts(errors)
    kept = []
    for part, drawn in zip(parts, noisy, strict=True):
        size = float((part**2).sum())
        noise = float((drawn**2).sum()) / len(errors)
        kept.append(max(0.0, 1.0 - noise / size) if size > 0 else 0.0)
    rows, columns, cyclic = parts
    rated = middle + rows[:, None] + columns
    both = middle + kept[0] * rows[:, None] + kept[1] * columns
    return rated + kept[2] * cyclic, both + kept[2] * cyclic


def largest_errors(noise: Noise) -> tuple[float, float]:
    """Returns how many standard errors the rows, and the columns, err at most.

    c_m: with probability .975, all m means of any one column err by less than c_m
    standard errors, in one direction; c_n likewise for the means of any one row.
    """
    m, n = noise.std_error.shape
    if not noise.worlds:
        return tuple(float(ndtri((1 - _TAIL) ** (1 / size))) for size in (m, n))  # type: ignore[return-value]
    scaled = np.zeros_like(noise.errors)
    known = noise.std_error > 0
    np.divide(noise.errors, noise.std_error, out=scaled, where=known)
    wider = noise.quantile / NORMAL
    return (
        wider * float(np.quantile(scaled.max(axis=1), 1 - _TAIL, axis=0).max()),
        wider * float(np.quantile((-scaled).max(axis=2), 1 - _TAIL, axis=0).max()),
    )


def guaranteed_value(mean: np.ndarray, noise: Noise, value: float) -> Interval:
    """Returns an interval of the value that holds in every family of tables.

        low = val(U - c_m S),   high = val(U + c_n S)

    with `largest_errors`. For a true optimal y* of the attacker, all m entries of
    (U - E) y* are at most the true value, and those of E y* at most c_m S y*, hence so
    is low. It is wide for large mixed tables.
    """
    rows, columns = largest_errors(noise)
    ends = np.array([-rows, columns])[:, None, None] * noise.std_error
    low, high = values(mean + ends)
    return Interval(value, float(min(low, value)), float(max(high, value)))


def single_interval(mean: np.ndarray, noise: Noise) -> tuple[int, Interval]:
    """Returns the best single row, and the interval of what it earns at least.

        b = argmax_i min_j U_ij,   min_j (U_bj -+ c s_bj)

    with `largest_errors`: the choice of b among noisy rows is allowed for.
    """
    best = int(mean.min(axis=1).argmax())
    rows, columns = largest_errors(noise)
    row, error = mean[best], noise.std_error[best]
    low, high = (row - rows * error).min(), (row + columns * error).min()
    return best, Interval(float(row.min()), float(low), float(high))


def regret_intervals(mean: np.ndarray, noise: Noise, y: np.ndarray) -> list[Interval]:
    """Returns the interval of each row's regret against a fixed mixture of columns.

        R_i = max_k (U y)_k - (U y)_i

    It is the hull of the percentile interval, the basic one and that of the numerical
    delta method, and at least 0.
    """
    here = _regrets((mean @ y)[None])[0]
    moved = noise.errors @ y  # [K, m]
    plain = _regrets(mean @ y + moved)
    stretched = here + (_regrets(mean @ y + _STRETCH * moved) - here) / _STRETCH
    wider = noise.quantile / NORMAL
    low, high = np.full_like(here, np.inf), np.full_like(here, -np.inf)
    for drawn, turned in ((plain, False), (plain, True), (stretched, True)):
        ends = np.quantile(drawn, [_TAIL, 1 - _TAIL], axis=0) - here
        if turned:
            ends = -ends[::-1]
        low = np.minimum(low, here + wider * np.minimum(ends[0], 0.0))
        high = np.maximum(high, here + wider * np.maximum(ends[1], 0.0))
    return [
        Interval(float(e), float(max(a, 0.0)), float(max(b, 0.0)))
        for e, a, b in zip(here, low, high, strict=True)
    ]


def _regrets(earned: np.ndarray) -> np.ndarray:
    return earned.max(axis=1, keepdims=True) - earned


def exploitability_bound(
    mean: np.ndarray, noise: Noise, x: np.ndarray, y: np.ndarray
) -> float:
    """Returns what NashConv of two mixtures is at most in the true table, at 95 %.

    At an equilibrium of the table NashConv is 0, whatever the truth: the resamples say
    how much the two mixtures may be exploited.
    """
    tables = mean + noise.errors
    gaps = (tables @ y).max(axis=1) - np.einsum("i,kij->kj", x, tables).min(axis=1)
    return max(float(np.quantile(gaps, COVERAGE)), 0.0)
