"""Measures how often the intervals of a payoff table cover the truth.

A family draws a true table; data are drawn from it, and analysed as any table is. What
is promised at 95 % should then hold in 95 of 100 repetitions, whatever the family.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from psro_comm.metagame.allocation import known, next_round
from psro_comm.metagame.intervals import Interval, paired_difference
from psro_comm.metagame.meta_game import MetaGame
from psro_comm.metagame.regret import nash_conv
from psro_comm.metagame.solvers import solve_many
from psro_comm.metagame.solvers.uniqueness import is_unique
from psro_comm.metagame.table_intervals import (
    exploitability_bound,
    guaranteed_value,
    noise_of,
    regret_intervals,
    single_interval,
    value_interval,
)

NUMBERS = (
    *("value", "conservative", "regrets", "best single", "NashConv"),
    *("weights", "difference"),
)
"""What is measured: intervals of the value, and its conservative one; of all regrets;
of the best single defender; the bound of NashConv; the range of Nash weights in
resamples, where the true ones are unique; the paired difference of two cells, of tables
by world."""

Rng = np.random.Generator
_FIRST = 20  # episodes of each cell before it is refined
_ROUNDS, _KNOWN = 12, 60  # at most, and resamples of each


class Family(NamedTuple):
    """A kind of table.

    Attributes:
      truth: draws the true payoffs.
      std_error: of each mean, or the deviation of a world's return where it has worlds.
      worlds: number of worlds; 0 is standard errors alone.
      law: of a world's error: `normal`, `heavy` (t of 3) or `wins` (0 or 1).
      refined: half-width until which episodes are added where they narrow the value's
        interval most; 0 is as it is.
    """

    truth: Callable[[Rng], np.ndarray]
    std_error: float
    worlds: int = 0
    law: str = "normal"
    refined: float = 0.0


def _like(m: int, n: int, spread: float) -> Callable[[Rng], np.ndarray]:
    return lambda rng: spread * rng.standard_normal((m, n))


def _rated(rng: Rng) -> np.ndarray:
    return np.add.outer(3 * rng.standard_normal(6), 3 * rng.standard_normal(6))


def _cyclic(rng: Rng) -> np.ndarray:
    size = 5
    steps = np.subtract.outer(np.arange(size), np.arange(size)) % size
    turns = np.where(steps == 0, 0.0, np.where(steps <= size // 2, 1.0, -1.0))
    return 3 * turns * rng.uniform(0.5, 1.5)


def _robust_row(m: int, n: int) -> Callable[[Rng], np.ndarray]:
    """One row is best and flat; the others are worse somewhere."""

    def truth(rng: Rng) -> np.ndarray:
        table = 3 * rng.standard_normal((m, n)) - 6
        table[0] = 0.0
        return table

    return truth


def _win_rates(rng: Rng) -> np.ndarray:
    return rng.uniform(0.2, 0.8, (5, 5))


FAMILIES: Mapping[str, Family] = {
    "random 5 x 5": Family(_like(5, 5, 10.0), 3.0),
    "random 12 x 12": Family(_like(12, 12, 3.0), 1.0),
    "constant 5 x 5": Family(_like(5, 5, 0.0), 1.0),
    "constant 10 x 2": Family(_like(10, 2, 0.0), 1.0),
    "constant 2 x 10": Family(_like(2, 10, 0.0), 1.0),
    "near-ties 10 x 3": Family(_like(10, 3, 0.3), 1.0),
    "near-ties 3 x 10": Family(_like(3, 10, 0.3), 1.0),
    "transitive 6 x 6": Family(_rated, 1.0),
    "cyclic 5 x 5": Family(_cyclic, 0.5),
    "by world, random 4 x 4": Family(_like(4, 4, 1.0), 1.0, 40),
    "by world, near-ties 10 x 3": Family(_like(10, 3, 0.06), 1.0, 30),
    "by world, constant 10 x 2": Family(_like(10, 2, 0.0), 1.0, 30),
    "by world, heavy tails 5 x 3": Family(_like(5, 3, 1.0), 1.0, 40, "heavy"),
    "by world, wins 5 x 5": Family(_win_rates, 1.0, 40, "wins"),
    "refined, random 4 x 4": Family(_like(4, 4, 1.0), 1.0, refined=0.12),
    "refined, near-ties 5 x 3": Family(_like(5, 3, 0.1), 1.0, refined=0.12),
    "robust row 6 x 5": Family(_robust_row(6, 5), 1.0),
    "robust row 6 x 10": Family(_robust_row(6, 10), 1.0),
}
ROBUST_ROWS = tuple(name for name in FAMILIES if name.startswith("robust row"))


def drawn(family: Family, truth: np.ndarray, rng: Rng) -> MetaGame:
    """Returns a game as it is measured: its true table with noise."""
    m, n = truth.shape
    names = tuple(f"d{i}" for i in range(m)), tuple(f"a{j}" for j in range(n))
    if family.refined:
        return _refined(family, truth, rng)
    if not family.worlds:
        noise = family.std_error * rng.standard_normal(truth.shape)
        errors = np.full(truth.shape, family.std_error)
        return MetaGame(*names, truth + noise, errors)
    shape = (*truth.shape, family.worlds)
    if family.law == "wins":
        returns = (rng.random(shape) < truth[..., None]).astype(np.float64)
    else:
        heavy = family.law == "heavy"
        own = rng.standard_t(3, shape) if heavy else rng.standard_normal(shape)
        shared = rng.standard_normal(family.worlds)  # good worlds are good for all
        returns = truth[..., None] + family.std_error * (own + shared)
    errors = returns.std(axis=-1, ddof=1) / np.sqrt(family.worlds)
    return MetaGame(*names, returns.mean(axis=-1), errors, returns=returns)


def _refined(family: Family, truth: np.ndarray, rng: Rng) -> MetaGame:
    """Returns a game whose cells got episodes by `next_round`, until it is narrow."""
    m, n = truth.shape
    names = tuple(f"d{i}" for i in range(m)), tuple(f"a{j}" for j in range(n))
    episodes = np.full(truth.shape, _FIRST)
    total = rng.normal(truth * _FIRST, family.std_error * np.sqrt(_FIRST))
    for _ in range(_ROUNDS):
        errors = family.std_error / np.sqrt(episodes)
        game = MetaGame(*names, total / episodes, errors, episodes)
        more = next_round(known(game, rng, _KNOWN), family.refined)
        if not more.any():
            break
        total += rng.normal(truth * more, family.std_error * np.sqrt(more))
        episodes = episodes + more
    return game


def covered(
    family: Family, rng: Rng, *, repetitions: int, draws: int
) -> dict[str, float]:
    """Returns the share of repetitions in which each of `NUMBERS` covered the truth.

    Of regrets and weights it is the share of all policies.

    Args:
      family: the kind of table.
      rng: draws tables, data and resamples.
      repetitions: number of tables.
      draws: number of resamples of each.
    """
    hits: dict[str, list[float]] = {name: [] for name in NUMBERS}
    for _ in range(repetitions):
        truth = family.truth(rng)
        game = drawn(family, truth, rng)
        noise = noise_of(game, rng, draws)
        assert noise is not None
        solved, true = solve_many([game.mean, truth])
        x, y, value = solved.x, solved.y, true.value
        hits["value"].append(_in(value, value_interval(game.mean, noise, x, y)))
        guaranteed = guaranteed_value(game.mean, noise, solved.value)
        hits["conservative"].append(_in(value, guaranteed))
        for found, earned in (
            (regret_intervals(game.mean, noise, y), truth @ y),
            (regret_intervals(-game.mean.T, noise.mirrored(), x), -(x @ truth)),
        ):
            for regret, interval in zip(earned.max() - earned, found, strict=True):
                hits["regrets"].append(_in(regret, interval))
        if np.ptp(truth) > 0 and is_unique(truth, value, true.x):
            again = [each.x for each in solve_many(game.mean + noise.errors)]
            ends = np.quantile([*again, x], [0.025, 0.975], axis=0)
            inside = (ends[0] - 1e-9 <= true.x) & (true.x <= ends[1] + 1e-9)
            hits["weights"] += inside.tolist()
        best, secured = single_interval(game.mean, noise)
        hits["best single"].append(_in(truth[best].min(), secured))
        bound = exploitability_bound(game.mean, noise, x, y)
        hits["NashConv"].append(nash_conv(truth, x, y) <= bound)
        if game.returns is not None:
            apart = paired_difference(game.returns[0, 0], game.returns[-1, -1])
            hits["difference"].append(_in(truth[0, 0] - truth[-1, -1], apart))
    return {name: float(np.mean(each)) for name, each in hits.items() if each}


def _in(truth: float, interval: Interval) -> bool:
    edge = 1e-9 * max(1.0, abs(truth))
    return interval.low - edge <= truth <= interval.high + edge
