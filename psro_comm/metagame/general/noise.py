"""How far what mixtures earn may be from the truth, given the payoffs' errors.

Mixtures are held fixed: what they earn is then linear in the payoffs, and its errors
are normal. That they were chosen by the same table is not covered.
"""

import numpy as np

from psro_comm.metagame.general.correlated import Joint
from psro_comm.metagame.general.normal_form import (
    Mixtures,
    NormalFormGame,
    averages,
    expected,
)
from psro_comm.metagame.general.normal_form import regrets as regrets_of
from psro_comm.metagame.general.role_symmetric import RoleSymmetricGame
from psro_comm.metagame.intervals import NORMAL

CONFIDENCE = 0.95
_ROUNDING = 1e-12  # of the spread: a smaller regret is none
_MOST_NUMBERS = 20_000_000  # of resampled tables: fewer resamples of larger ones

Limits = tuple[float, float | None, float | None]  # estimate, low, high


def covariance(
    game: NormalFormGame | RoleSymmetricGame, mixtures: Mixtures
) -> np.ndarray | None:
    """Returns the covariance of `game.deviations(mixtures)`, `[S, S]`; None if unknown.

    Errors of different profiles are independent; those of one profile are correlated as
    its samples are, if the game has them, else independent.
    """
    if isinstance(game, NormalFormGame):
        if game.std_error is None:
            return None
        squares = averages(game.std_error**2, [np.square(x) for x in mixtures])
        return np.diag(np.concatenate(squares))
    if game.std_error is None:
        return None
    chances = game.chances(np.concatenate(list(mixtures)))
    if game.samples is None:
        errors = np.where(chances > 0, chances * game.std_error, 0.0)
        return np.diag((errors**2).sum(axis=0))
    total = np.zeros((chances.shape[1],) * 2)
    for weights, seen in zip(chances, game.samples, strict=True):
        used = np.flatnonzero(weights > 0)
        if used.size and len(seen) > 1:
            own = np.atleast_2d(np.cov(seen[:, used], rowvar=False)) / len(seen)
            total[np.ix_(used, used)] += np.outer(weights[used], weights[used]) * own
    return total


def judged(
    game: NormalFormGame | RoleSymmetricGame,
    mixtures: Mixtures,
    rng: np.random.Generator,
    num_samples: int,
) -> tuple[list[Limits], list[Limits]]:
    """Returns what each group earns, and its regret.

    Earnings have a normal 95 % interval; a regret has a one-sided bound, the 95 %
    quantile over draws of the errors, as NashConv has.

    Args:
      game: the game.
      mixtures: `[n_g]` of each group, held fixed.
      rng: draws errors.
      num_samples: number of draws.

    Returns:
      Earnings and regrets by group: estimate, low, high; limits None without errors.
    """
    earned, regrets = expected(game, mixtures), regrets_of(game, mixtures)
    regrets[regrets < _ROUNDING * game.spread] = 0.0
    spread = covariance(game, mixtures)
    if spread is None:
        return (
            [(float(each), None, None) for each in earned],
            [(float(each), None, None) for each in regrets],
        )
    deviations = np.concatenate(game.deviations(mixtures))
    drawn = rng.multivariate_normal(
        np.nan_to_num(deviations), spread, size=num_samples, method="eigh"
    )
    starts = np.cumsum([0, *map(len, mixtures)])
    payoffs: list[Limits] = []
    gains: list[Limits] = []
    for g, x in enumerate(mixtures):
        own = slice(starts[g], starts[g + 1])
        half = NORMAL * float(np.sqrt(x @ spread[own, own] @ x))
        here = float(earned[g])
        payoffs.append((here, here - half, here + half))
        over = np.maximum(drawn[:, own].max(axis=1) - drawn[:, own] @ x, 0.0)
        gains.append((float(regrets[g]), 0.0, float(np.quantile(over, CONFIDENCE))))
    return payoffs, gains


def judged_joint(
    game: NormalFormGame,
    found: Joint,
    *,
    coarse: bool,
    rng: np.random.Generator,
    num_samples: int,
) -> tuple[list[Limits], Limits]:
    """Returns what each player earns in a joint distribution, and the largest gain.

    The distribution is held fixed; the gain is that of the best deviation of a player,
    from one strategy to another, or from all to one (`coarse`).
    """
    if game.std_error is None:
        return [(float(u), None, None) for u in found.payoffs], (found.gain, None, None)
    weights = found.distribution
    axes = tuple(range(1, game.payoffs.ndim))
    halves = NORMAL * np.sqrt(((weights * game.std_error) ** 2).sum(axis=axes))
    payoffs: list[Limits] = [
        (float(u), float(u - half), float(u + half))
        for u, half in zip(found.payoffs, halves, strict=True)
    ]
    count = max(2, min(num_samples, _MOST_NUMBERS // game.payoffs.size))
    gains = [
        max(
            _gain(table, weights, p, coarse=coarse)
            for p, table in enumerate(
                game.payoffs + game.std_error * rng.standard_normal(game.payoffs.shape)
            )
        )
        for _ in range(count)
    ]
    return payoffs, (found.gain, 0.0, float(np.quantile(gains, CONFIDENCE)))


def _gain(table: np.ndarray, weights: np.ndarray, p: int, *, coarse: bool) -> float:
    """Returns the gain of player p's best deviation from a joint distribution."""
    own = np.moveaxis(table, p, 0).reshape(table.shape[p], -1)
    chances = np.moveaxis(weights, p, 0).reshape(table.shape[p], -1)
    earns = chances @ own.T  # [advised, played]
    here = np.diag(earns)
    if coarse:
        return max(0.0, float(earns.sum(axis=0).max() - here.sum()))
    return max(0.0, float((earns - here[:, None]).max()))
