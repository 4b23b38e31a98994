"""Meta-solvers side by side on one stored table, without any training."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from psro_comm.analysis import as_dict, nash_conv, percentiles, value
from psro_comm.game_analysis import SUPPORT, resampled_games
from psro_comm.meta_game import MetaGame
from psro_comm.meta_solvers import META_SOLVERS, Solved, solve
from psro_comm.tables import columns


def chosen(names: Sequence[str]) -> list[str]:
    """The solvers that `--solvers` asks for; `all` is all of them.

    Raises:
      ValueError: an unknown name, or a name twice.
    """
    found = list(META_SOLVERS) if list(names) == ["all"] else list(names)
    if not found or len(set(found)) < len(found) or set(found) - set(META_SOLVERS):
        known = ", ".join(META_SOLVERS)
        raise ValueError(f"--solvers is {','.join(names)}, allowed: all, or {known}")
    return found


def entropy(mixture: np.ndarray) -> float:
    """-sum p log p in nats: 0 for one policy, log n for all alike."""
    kept = mixture[mixture > 0]
    return float(-(kept * np.log(kept)).sum()) + 0.0


def distance(a: Solved, b: Solved) -> float:
    """Total variation, half of sum |p - q|, averaged over both players: 0 to 1."""
    return float(np.abs(a.x - b.x).sum() + np.abs(a.y - b.y).sum()) / 4


def compare(
    game: MetaGame,
    names: Sequence[str],
    rng: np.random.Generator,
    *,
    num_samples: int = 20,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Any]:
    """Each solver's mixtures on the table, and how much noise moves them.

    Args:
      game: the table.
      names: solvers.
      rng: of the resampling; all solvers see the same resamples.
      num_samples: resamples on which each solver is run again.
      clock: seconds.

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
                "worst_case": float((solved.x @ game.mean).min()),
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


def render_comparison(result: dict[str, Any]) -> str:
    """One line for each solver, their mixtures, and the distances between them."""
    rows = result["solvers"]
    noisy = result["resamples"] > 0
    head = ["solver", "value", "worst case", "NashConv", "support", "entropy", "ms"]
    head += ["sensitivity", "NashConv, resampled"] if noisy else []
    lines = [_line(row, noisy) for row in rows]
    names = [row["solver"] for row in rows]
    apart = [
        (name, *(f"{d:.2f}" for d in line))
        for name, line in zip(names, result["distances"], strict=True)
    ]
    parts = [f"{result['title']}: {result['resamples']} resamples", ""]
    parts += [columns(lines, head), ""]
    for side in ("defender", "attacker"):
        parts += [f"{side}'s mixtures (weights above 0.005)"]
        parts += [f"  {row['solver']}: {_mixture(row[side])}" for row in rows]
    parts += [
        "",
        columns(apart, ("distance", *(str(k + 1) for k in range(len(names))))),
    ]
    parts += [f"failed: {failure}" for row in rows for failure in row["failures"]]
    parts += [
        f"failed: {row['solver']} on {row['resamples_fallen_back']} of"
        f" {result['resamples']} resamples, where a fallback was taken"
        for row in rows
        if row["resamples_fallen_back"]
    ]
    parts += [
        "",
        "worst case: against the best attacker of the table; distance and sensitivity:"
        "\ntotal variation, 0 to 1; resampled: mixtures of a resample, in this table",
    ]
    return "\n".join(parts)


def _line(row: dict[str, Any], noisy: bool) -> tuple[str, ...]:
    fallen = "" if row["solved_by"] == row["solver"] else f" -> {row['solved_by']}"
    line = (
        row["solver"] + fallen,
        f"{row['value']:.4g}",
        f"{row['worst_case']:.4g}",
        f"{row['nash_conv']:.2e}",
        "{} / {}".format(*row["support"]),
        "{:.2f} / {:.2f}".format(*row["entropy"]),
        f"{1000 * row['seconds']:.1f}",
    )
    if not noisy:
        return line
    cost = row["nash_conv_resampled"]
    words = f"{cost['estimate']:.3g} [{cost['low']:.3g}, {cost['high']:.3g}]"
    return (*line, f"{row['sensitivity']:.3f}", words)


def _mixture(weights: dict[str, float]) -> str:
    return ", ".join(f"{name} {w:.3f}" for name, w in weights.items() if w > 5e-3)
