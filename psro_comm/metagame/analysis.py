"""Analyses a meta-game: value, mixtures, regrets and structure, with intervals.

Everything is a function of the mean payoffs, computed once on the table itself and once
on each resample of it, so that every number has an interval.
"""

from typing import Any

import numpy as np

from psro_comm.metagame.intervals import as_dict, percentiles, resampled_means
from psro_comm.metagame.meta_game import MetaGame
from psro_comm.metagame.regret import gains
from psro_comm.metagame.solvers import Equilibrium, guarantee, solve, solve_many
from psro_comm.metagame.solvers.cone_program import CONFIDENCE, robust

SUPPORT = 1e-6  # a smaller weight counts as 0
_DOMINANCE_RESAMPLES = 100  # each solves a game for every policy
_EDGE = 1e-9  # of the spread: a larger margin of dominance is more than rounding


def resampled_games(
    game: MetaGame, rng: np.random.Generator, num_samples: int
) -> np.ndarray:
    """Returns the mean payoffs, then resampled tables of them.

    With returns by world, worlds are drawn with replacement, the same ones for all
    cells (they are correlated); with standard errors only, cells are normal and
    independent; with neither there is nothing to resample.

    Returns:
      `[K + 1, m, n]`, or `[1, m, n]` without noise.
    """
    if game.returns is not None and game.returns.shape[-1] > 1:
        return resampled_means(game.returns, rng, num_samples)
    if game.std_error is None:
        return game.mean[None]
    noise = rng.standard_normal((num_samples, *game.mean.shape)) * game.std_error
    return np.concatenate([game.mean[None], game.mean + noise])


def additive_parts(
    matrix: np.ndarray,
) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
    """Splits a table into a mean, ratings of both sides and a cyclic part.

        U_ij = mean + a_i + b_j + C_ij,   sum(a) = sum(b) = 0,  rows, columns of C sum 0

    The Hodge decomposition of the flow U on the complete bipartite graph of defenders
    and attackers: a, b are its gradient (ratings: a game of them alone is transitive,
    each side has one best policy), C circulates around squares i, j, k, l.

    Returns:
      The mean, a `[m]`, b `[n]` and C `[m, n]`; orthogonal to each other.

    Source: Jiang, Lim, Yao, Ye 2011, Statistical ranking and combinatorial Hodge
      theory, section 4; Balduzzi et al. 2019, Open-ended learning, section 2.
    """
    mean = float(matrix.mean())
    rows, columns = matrix.mean(axis=1) - mean, matrix.mean(axis=0) - mean
    return mean, rows, columns, matrix - mean - rows[:, None] - columns


def cyclic_share(matrix: np.ndarray) -> float:
    """Returns the share of the payoffs' variance that ratings do not explain, 0 to 1.

    ||C||^2 / ||U - mean||^2 of `additive_parts`; 0 for a constant table. Noise alone
    adds (m - 1)(n - 1) variances of a cell to ||C||^2: read it with its interval.
    """
    mean, _, _, cyclic = additive_parts(matrix)
    total = float(((matrix - mean) ** 2).sum())
    scale = (_EDGE * np.abs(matrix).max()) ** 2
    return float((cyclic**2).sum()) / total if total > scale else 0.0


def dominance_margins(matrix: np.ndarray) -> np.ndarray:
    """Returns by how much a mixture of rows beats each row in every column at least.

        d_i = max_x min_j (x' U - U_i)_j,   never negative; positive: strictly dominated

    It is the value of the game whose payoffs are measured against row i.

    Args:
      matrix: `[m, n]` to the player of the rows; `-matrix.T` for the columns.

    Returns:
      `[m]` margins.
    """
    against = (matrix - row for row in matrix)
    return np.array([max(game.value, 0.0) for game in solve_many(against)])


def value_shares(x: np.ndarray, y: np.ndarray, std_error: np.ndarray) -> np.ndarray:
    """Returns each cell's share of the variance of the game's value, `[m, n]`.

        dv / dU_ij = x_i y_j,   hence (x_i y_j s_ij)^2 over their sum

    to first order and for independent cells. They sum to 1; all are zero where the
    value has no noise.

    Source: envelope theorem; Mills 1956, Marginal values of matrix games.
    """
    variance = (np.outer(x, y) * std_error) ** 2
    total = variance.sum()
    return variance / total if total > 0 else variance


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
      num_samples: number of resamples; the game is solved anew on each.
      meta_solver: name of the solver whose mixtures are judged; intervals of the value
        and supports are always those of Nash.

    Returns:
      Intervals as `{estimate, low, high}`, limits None without noise.
    """
    tables = resampled_games(game, rng, num_samples)
    games = list(solve_many(tables))
    solved = solve(meta_solver, game.mean, game.std_error)
    x, y = solved.x, solved.y
    report: dict[str, Any] = {
        "title": game.title,
        "notes": list(game.notes),
        "meta_solver": solved.solver,
        "meta_solver_failures": list(solved.failures),
        "resamples": len(tables) - 1,
        "resampled": _how(game),
        "value": _interval([each.value for each in games]),
        "nash_conv": _one_sided([sum(gains(table, x, y)) for table in tables]),
        "cyclic_share": _interval([cyclic_share(table) for table in tables]),
        "security": _security(game, tables),
        "defenders": _policies(game.defenders, tables, games, x, y),
        "attackers": _policies(
            game.attackers, -tables.transpose(0, 2, 1), _mirrored(games), y, x
        ),
        "cells": _cells(game, x, y),
    }
    return report


def _how(game: MetaGame) -> str:
    if game.returns is not None and game.returns.shape[-1] > 1:
        return "worlds"
    return "nothing: no standard errors" if game.std_error is None else "normal errors"


def _mirrored(games: list[Equilibrium]) -> list[Equilibrium]:
    """Returns the same equilibria seen by the attacker: sides and signs swapped."""
    return [each._replace(x=each.y, y=each.x, value=-each.value) for each in games]


def _policies(
    names: tuple[str, ...],
    tables: np.ndarray,
    games: list[Equilibrium],
    own: np.ndarray,
    other: np.ndarray,
) -> list[dict[str, Any]]:
    """Returns an entry for each policy of the player of the rows.

    Its regret is what the best policy earns more against the other side's mixture.
    """
    weights = np.array([each.x for each in games])
    earns = tables @ other  # [K + 1, m]
    regrets = earns.max(axis=1, keepdims=True) - earns
    few = tables[: 1 + _DOMINANCE_RESAMPLES]
    margins = np.array([dominance_margins(table) for table in few])
    dominated = margins > _EDGE * np.ptp(tables[0])
    seen = slice(1, None) if len(tables) > 1 else slice(None)
    return [
        {
            "name": name,
            "weight": float(own[i]),
            "nash_weight": _interval(weights[:, i]),
            "support_frequency": float((weights[seen, i] > SUPPORT).mean()),
            "regret": _interval(regrets[:, i]),
            "dominated_by_margin": float(margins[0, i]),
            "dominated_frequency": float(dominated[seen, i].mean()),
        }
        for i, name in enumerate(names)
    ]


def _security(game: MetaGame, tables: np.ndarray) -> dict[str, Any]:
    """Returns what the defender can secure: by one policy, and under noise as well."""
    worst = tables.min(axis=2)  # [K + 1, m]
    best = int(worst[0].argmax())
    pure = _interval(worst[:, best])
    found: dict[str, Any] = {"policy": game.defenders[best], "pure": pure}
    if game.std_error is not None:
        x, _ = robust(game.mean, game.std_error)
        found["robust_mixture"] = dict(zip(game.defenders, x.tolist(), strict=True))
        found["robust_guarantee"] = guarantee(game.mean, game.std_error, x)
        found["robust_confidence"] = CONFIDENCE
    return found


def _cells(game: MetaGame, x: np.ndarray, y: np.ndarray) -> list[dict[str, Any]]:
    """Returns every cell, in order of its share in the value's uncertainty."""
    noise = game.std_error if game.std_error is not None else np.zeros(game.mean.shape)
    shares = value_shares(x, y, noise)
    order = np.argsort(-shares, axis=None, kind="stable")
    cells = []
    for i, j in zip(*np.unravel_index(order, shares.shape), strict=True):
        cell: dict[str, Any] = {
            "defender": game.defenders[i],
            "attacker": game.attackers[j],
            "mean": float(game.mean[i, j]),
            "share_of_value_variance": float(shares[i, j]),
        }
        if game.std_error is not None:
            cell["std_error"] = float(game.std_error[i, j])
        if game.episodes is not None:
            cell["episodes"] = int(game.episodes[i, j])
        cells.append(cell)
    return cells


def _interval(found: Any) -> dict[str, float | None]:
    """Returns the table's own number, and percentiles of the resamples' numbers."""
    estimate, resampled = float(found[0]), np.asarray(found[1:])
    if not resampled.size:
        return {"estimate": estimate, "low": None, "high": None}
    return {**as_dict(percentiles(estimate, resampled))}


def _one_sided(found: list[float]) -> dict[str, float | None]:
    """Returns an interval with an upper bound only, for numbers that are at least 0.

    At an equilibrium of the table NashConv is 0, whatever the truth: the resamples say
    how much the two mixtures may be exploited in the true table.
    """
    bound = float(np.quantile(found[1:], CONFIDENCE)) if found[1:] else None
    return {"estimate": found[0], "low": 0.0, "high": bound}
