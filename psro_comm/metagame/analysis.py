"""Analyses a meta-game: value, mixtures, regrets and structure, with intervals."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from psro_comm.metagame.evolution import ranked
from psro_comm.metagame.intervals import Interval, as_dict, percentiles
from psro_comm.metagame.meta_game import MetaGame
from psro_comm.metagame.regret import nash_conv
from psro_comm.metagame.solvers import (
    MetaSolverError,
    guarantee,
    solve,
    solve_many,
)
from psro_comm.metagame.solvers.cone_program import CONFIDENCE, secured
from psro_comm.metagame.solvers.scale import (
    is_ill_scaled,
    met_gap,
    typical_spread,
)
from psro_comm.metagame.solvers.uniqueness import is_unique, weight_ranges
from psro_comm.metagame.structure import (
    EDGE,
    cells_by_share,
    cyclic_share,
    dominance_margins,
)
from psro_comm.metagame.table_intervals import (
    COVERAGE,
    FEW_WORLDS,
    WORST,
    Noise,
    exploitability_bound,
    guaranteed_value,
    noise_of,
    regret_intervals,
    single_interval,
    value_interval,
)

SUPPORT = 1e-6  # a smaller weight counts as 0
_MOST_DRAWN = 4_000_000  # payoffs of all resamples; at least _FEWEST are drawn
_FEWEST = 100
_DOMINANCE_RESAMPLES = 100  # each solves a game for nearly every policy
_DOMINANCE_WORK = 20_000_000  # payoffs of all these games
_RANGES_WORK = 10_000_000  # payoffs of all programs for ranges of weights
_ROBUST_SIZE = 5_000  # payoffs; a cone program of 200 by 200 takes minutes
_SMALL_GAP = 1e-6  # of the payoffs that are met
_VISIBLE_GAP = 1e-3  # of the usual distance of a payoff from the middle one


class _Side(NamedTuple):
    """A game as one player sees it, who picks the row and maximises."""

    names: tuple[str, ...]
    mean: np.ndarray
    noise: Noise | None
    own: np.ndarray  # [m] its mixture that is judged
    other: np.ndarray  # [n] the opponent's
    nash: np.ndarray  # [m] its mixture in the equilibrium of the table
    value: float
    resampled: np.ndarray  # [K, m] its mixtures in those of the resamples


def resampled_games(
    game: MetaGame, rng: np.random.Generator, num_samples: int
) -> np.ndarray:
    """Returns the mean payoffs, then resampled tables of them; see `noise_of`.

    Returns:
      `[K + 1, m, n]`, or `[1, m, n]` without noise.
    """
    noise = noise_of(game, rng, num_samples) if num_samples else None
    if noise is None:
        return game.mean[None]
    return np.concatenate([game.mean[None], game.mean + noise.errors])


def analyse(
    game: MetaGame,
    rng: np.random.Generator,
    *,
    num_samples: int = 1000,
    meta_solver: str = "nash",
) -> dict[str, Any]:
    """Analyses a meta-game, and returns what was found as JSON data.

    Args:
      game: the meta-game.
      rng: draws the resamples.
      num_samples: number of resamples, fewer for tables of over 4,000 payoffs; the
        game is solved anew on each.
      meta_solver: name of the solver whose mixtures are judged; the value and supports
        are always those of Nash.

    Returns:
      Intervals as `{estimate, low, high}`, limits None without noise.
    """
    most = max(_FEWEST, _MOST_DRAWN // game.mean.size)
    noise = noise_of(game, rng, min(num_samples, most))
    solved = solve(meta_solver, game.mean, game.std_error)
    exact = solved if meta_solver == "nash" else solve("nash", game.mean)
    value = float(exact.x @ game.mean @ exact.y)
    rows, columns = _weights(game.mean, noise)
    defender = _Side(
        game.defenders, game.mean, noise, solved.x, solved.y, exact.x, value, rows
    )
    turned = None if noise is None else noise.mirrored()
    attacker = _Side(
        names=game.attackers,
        mean=-game.mean.T,
        noise=turned,
        own=solved.y,
        other=solved.x,
        nash=exact.y,
        value=-value,
        resampled=columns,
    )
    unique = [
        is_unique(side.mean, side.value, side.nash) for side in (defender, attacker)
    ]
    ranking = {"alpha_rank": ranked(game)} if solved.solver == "alpha_rank" else {}
    return {
        **ranking,
        "title": game.title,
        "notes": [*game.notes, *_warnings(game, noise, exact.x, exact.y)],
        "meta_solver": solved.solver,
        "meta_solver_failures": list(solved.failures),
        "resamples": 0 if noise is None else len(noise.errors),
        "resampled": _how(noise),
        "equilibrium_unique": dict(zip(("defender", "attacker"), unique, strict=True)),
        **_value(game.mean, noise, exact.x, exact.y, value),
        "nash_conv": _exploited(game.mean, noise, solved.x, solved.y),
        "cyclic_share": _cyclic(game.mean, noise),
        "security": _security(game, noise),
        "defenders": _policies(defender, unique[0]),
        "attackers": _policies(attacker, unique[1]),
        "cells": cells_by_share(game, exact.x, exact.y),
    }


def _weights(mean: np.ndarray, noise: Noise | None) -> tuple[np.ndarray, np.ndarray]:
    """Returns both sides' Nash mixtures on each resample, `[K, m]` and `[K, n]`."""
    m, n = mean.shape
    if noise is None:
        return np.empty((0, m)), np.empty((0, n))
    games = [(game.x, game.y) for game in solve_many(mean + e for e in noise.errors)]
    rows, columns = zip(*games, strict=True)
    return np.array(rows), np.array(columns)


def _how(noise: Noise | None) -> str:
    if noise is None:
        return "nothing: no standard errors"
    return "worlds" if noise.worlds else "independent normal errors"


def _warnings(
    game: MetaGame, noise: Noise | None, x: np.ndarray, y: np.ndarray
) -> list[str]:
    """Returns why numbers are to be doubted: too few worlds, too wide a scale."""
    few = noise is not None and 0 < noise.worlds < FEW_WORLDS
    found = [f"fewer than {FEW_WORLDS} worlds: intervals are rough"] if few else []
    if is_ill_scaled(game.mean):
        found.append(
            f"a few payoffs make the spread {np.ptp(game.mean):.2g}, that of most is"
            f" {typical_spread(game.mean):.2g}: cyclic share, ratings and colours tell"
            " of these few"
        )
    gap = nash_conv(game.mean, x, y)
    # What is met may be too large itself: half of all differ less from the middle.
    usual = float(np.median(np.abs(game.mean - np.median(game.mean))))
    if met_gap(game.mean, x, y) < _SMALL_GAP and not gap > _VISIBLE_GAP * usual > 0.0:
        return found
    return [
        *found,
        f"WARNING: the equilibrium's NashConv, {gap:.3g}, is not small beside payoffs"
        f" of the usual size ({usual:.2g} from the middle): a few are too large",
    ]


def _value(
    mean: np.ndarray, noise: Noise | None, x: np.ndarray, y: np.ndarray, value: float
) -> dict[str, Any]:
    """Returns the value, with its interval and the one that holds everywhere."""
    found = {"value_coverage": COVERAGE, "value_coverage_worst_measured": WORST}
    if noise is None:
        plain = _bare(value)
        return {"value": plain, "value_conservative": plain, **found}
    return {
        "value": as_dict(value_interval(mean, noise, x, y)),
        "value_conservative": as_dict(guaranteed_value(mean, noise, value)),
        **found,
    }


def _exploited(
    mean: np.ndarray, noise: Noise | None, x: np.ndarray, y: np.ndarray
) -> dict[str, float | None]:
    """Returns NashConv in the table, and its upper bound in the true one."""
    bound = None if noise is None else exploitability_bound(mean, noise, x, y)
    return {"estimate": nash_conv(mean, x, y), "low": 0.0, "high": bound}


def _cyclic(mean: np.ndarray, noise: Noise | None) -> dict[str, Any]:
    drawn = [] if noise is None else [cyclic_share(mean + e) for e in noise.errors]
    return _interval(cyclic_share(mean), drawn)


def _policies(side: _Side, unique: bool | None) -> list[dict[str, Any]]:
    """Returns an entry for each policy of one side.

    Its regret is what the best policy earns more against the other side's mixture.
    """
    if side.noise is None:
        earned = side.mean @ side.other
        regrets = [_bare(float(each)) for each in earned.max() - earned]
    else:
        found = regret_intervals(side.mean, side.noise, side.other)
        regrets = [{**as_dict(each)} for each in found]
    margins, frequency = _dominated(side)
    again = side.resampled if len(side.resampled) else side.nash[None]
    ranges = _ranges(side) if unique is False else None
    return [
        {
            "name": name,
            "weight": float(side.own[i]),
            "nash_weight": _interval(side.nash[i], side.resampled[:, i]),
            "nash_range": None if ranges is None else ranges[i].tolist(),
            "support_frequency": float((again[:, i] > SUPPORT).mean()),
            "regret": regrets[i],
            "dominated_by_margin": float(margins[i]),
            "dominated_frequency": None if frequency is None else float(frequency[i]),
        }
        for i, name in enumerate(side.names)
    ]


def _ranges(side: _Side) -> np.ndarray | None:
    """Returns each weight's range over all equilibria; None where it is not known."""
    if side.mean.size * len(side.names) > _RANGES_WORK:
        return None
    return weight_ranges(side.mean, side.value)


def _dominated(side: _Side) -> tuple[np.ndarray, np.ndarray | None]:
    """Returns margins of dominance, and how often resamples have one.

    The frequency is None where resampling it would take minutes.
    """
    margins = dominance_margins(side.mean)
    rounding = max(EDGE * typical_spread(side.mean), 1e-13 * np.abs(side.mean).max())
    if side.noise is None:
        return margins, margins > rounding
    work = side.mean.size * len(side.names)
    draws = min(_DOMINANCE_RESAMPLES, len(side.noise.errors))
    if work * draws > _DOMINANCE_WORK:
        return margins, None
    again = [dominance_margins(side.mean + e) for e in side.noise.errors[:draws]]
    return margins, (np.array(again) > rounding).mean(axis=0)


def _security(game: MetaGame, noise: Noise | None) -> dict[str, Any]:
    """Returns what the defender can secure: by one policy, and under noise as well."""
    if noise is None:
        best = int(game.mean.min(axis=1).argmax())
        pure = _bare(float(game.mean[best].min()))
    else:
        best, interval = single_interval(game.mean, noise)
        pure = dict(as_dict(interval))
    found: dict[str, Any] = {"policy": game.defenders[best], "pure": pure}
    known = game.std_error is not None and game.std_error.any()
    if known and game.mean.size <= _ROBUST_SIZE:
        assert game.std_error is not None
        try:
            x = secured(game.mean, game.std_error)
        except MetaSolverError as error:
            return {**found, "robust_left_out": str(error)}
        found["robust_mixture"] = dict(zip(game.defenders, x.tolist(), strict=True))
        found["robust_guarantee"] = guarantee(game.mean, game.std_error, x)
        found["robust_confidence"] = CONFIDENCE
    return found


def _bare(number: float) -> dict[str, float | None]:
    return {"estimate": number, "low": None, "high": None}


def _interval(
    estimate: float, resampled: Sequence[float] | np.ndarray
) -> dict[str, float | None]:
    """Returns the table's own number, and percentiles of the resamples' numbers."""
    if not len(resampled):
        return _bare(float(estimate))
    found: Interval = percentiles(float(estimate), np.asarray(resampled))
    return {**as_dict(found)}
