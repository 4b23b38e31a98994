"""Compares meta-solvers on one stored table, without any training."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from psro_comm.metagame.analysis import SUPPORT, resampled_games
from psro_comm.metagame.intervals import as_dict, percentiles
from psro_comm.metagame.meta_game import MetaGame
from psro_comm.metagame.regret import nash_conv, value
from psro_comm.metagame.solvers import META_SOLVERS, Solved, solve


def chosen(names: Sequence[str]) -> list[str]:
    """Returns the solvers that `--solvers` asks for; `all` is all of them.

    Raises:
      ValueError: an unknown name, or a name twice.
    """
    found = list(META_SOLVERS) if list(names) == ["all"] else list(names)
    if not found or len(set(found)) < len(found) or set(found) - set(META_SOLVERS):
        known = ", ".join(META_SOLVERS)
        raise ValueError(f"--solvers is {','.join(names)}, allowed: all, or {known}")
    return found


def entropy(mixture: np.ndarray) -> float:
    """Returns the entropy -sum p log p in nats: 0 for one policy, log n if uniform."""
    kept = mixture[mixture > 0]
    return float(-(kept * np.log(kept)).sum()) + 0.0


def distance(a: Solved, b: Solved) -> float:
    """Returns the total variation, half of sum |p - q|, averaged over both players."""
    return float(np.abs(a.x - b.x).sum() + np.abs(a.y - b.y).sum()) / 4


def compare(
    game: MetaGame,
    names: Sequence[str],
    rng: np.random.Generator,
    *,
    num_samples: int = 20,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Any]:
    """Returns each solver's mixtures on the table, and how much noise moves them.

    Args:
      game: the meta-game.
      names: names of the solvers.
      rng: draws the resamples, the same ones for all solvers.
      num_samples: number of resamples on which each solver is run again.
      clock: returns seconds.

    Returns:
      JSON data. `sensitivity`: mean distance between mixtures of the table and of a
      resample. `nash_conv_resampled`: NashConv in the *table* of mixtures made on a
      resample, what mistaking noise for payoffs costs. `resamples_fallen_back`: on how
      many of them the solver failed and another took its place.
    """
    tables = resampled_games(game, rng, num_samples)
    found: dict[str, Solved] = {}
    rows = []
    for name in names:
        META_SOLVERS[name](np.zeros((1, 1)))  # what is loaded once is not its time
        began = clock()
        solved = found[name] = solve(name, game.mean, game.std_error)
        seconds = clock() - began
        again = [solve(name, table, game.std_error) for table in tables[1:]]
        costs = np.array([nash_conv(game.mean, each.x, each.y) for each in again])
        moved = [distance(solved, each) for each in again]
        rows.append(
            {
                "solver": name,
                "solved_by": solved.solver,
                "failures": list(solved.failures),
                "resamples_fallen_back": sum(each.solver != name for each in again),
                "value": value(game.mean, solved.x, solved.y),
                "guarantee": float((solved.x @ game.mean).min()),
                "nash_conv": nash_conv(game.mean, solved.x, solved.y),
                "support": [int((m > SUPPORT).sum()) for m in (solved.x, solved.y)],
                "entropy": [entropy(solved.x), entropy(solved.y)],
                "seconds": seconds,
                "sensitivity": float(np.mean(moved)) if moved else None,
                "nash_conv_resampled": (
                    as_dict(percentiles(float(costs.mean()), costs)) if moved else None
                ),
                "defender": dict(zip(game.defenders, solved.x.tolist(), strict=True)),
                "attacker": dict(zip(game.attackers, solved.y.tolist(), strict=True)),
            }
        )
    return {
        "title": game.title,
        "resamples": len(tables) - 1,
        "solvers": rows,
        "distances": [[distance(found[a], found[b]) for b in names] for a in names],
    }
