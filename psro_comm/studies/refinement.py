"""Plays new episodes where they narrow the interval of the game's value most."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from absl import logging

from oracles.strategies.frozen import Frozen
from psro_comm.lab.lab import Lab
from psro_comm.metagame.intervals import NORMAL, resampled_means
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.solvers import solve_many
from psro_comm.psro.rmacrl import benign

_RESAMPLES = 100
BATCH = 32  # worlds that a cell gets at once


def sensitivities(table: PayoffTable, rng: np.random.Generator) -> np.ndarray:
    """Returns each cell's effect on the value: root mean square of x_i y_j, `[m, n]`.

    dv / dU_ij = x_i y_j at the equilibrium, but noise moves the equilibrium too: cells
    that are in the support of some resamples only count as often as they are.
    """
    tables = resampled_means(table.returns, rng, _RESAMPLES)
    weights = [np.outer(game.x, game.y) ** 2 for game in solve_many(tables)]
    return np.sqrt(np.mean(weights, axis=0))


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


def foreseen(table: PayoffTable, width: float, rng: np.random.Generator) -> int:
    """Returns the number of episodes that a refinement would play, by this table.

    n_ij = max(present, c w_ij s_ij) with the smallest c that reaches the width.
    """
    sensitivity, episodes = sensitivities(table, rng), table.episodes()
    deviation = table.std_error() * np.sqrt(episodes)
    product, least = sensitivity * deviation, 0.0
    if half_width(sensitivity, deviation, episodes) <= width:
        return 0
    # With every cell at c w s, the bound is reached at this c: an upper end.
    most = (NORMAL / width) ** 2 * float(product.sum())
    for _ in range(50):
        middle = (least + most) / 2
        reached = half_width(
            sensitivity, deviation, np.maximum(episodes, middle * product)
        )
        least, most = (middle, most) if reached > width else (least, middle)
    return int(np.ceil(np.maximum(episodes, most * product) - episodes).sum())


def checked_width(width: float) -> float:
    """Returns the half-width to reach, if it is allowed.

    Raises:
      ValueError: it is not positive and finite.
    """
    if not 0 < width < np.inf:
        raise ValueError(f"--width is {width}, must be positive")
    return width


def refine(
    lab: Lab, table: PayoffTable, width: float, *, most_rounds: int = 40
) -> tuple[PayoffTable, dict[str, Any]]:
    """Plays new episodes until the half-width of the value's interval is reached.

    Every round plays fresh worlds and solves anew; a round is an artefact of the run,
    so an interrupted refinement continues where it stopped.

    Args:
      lab: the lab of the run that made the table.
      table: a table with at least two episodes in each cell.
      width: half-width to reach, in returns.
      most_rounds: number of rounds after which it stops in any case.

    Returns:
      The larger table, and its cost beside that of equal episodes in all cells.

    Raises:
      ValueError: a width that is not positive, or a policy that the run lacks.
    """
    filters, attacks = _policies(lab, table)

    def play(number: int, table: PayoffTable, given: np.ndarray) -> PayoffTable:
        name = f"refine-{width:g}-{number:02d}"
        return _played(lab, name, table, given, filters, attacks)

    rng = np.random.default_rng(lab.seed("refine"))
    return narrowed(table, width, play, rng, most_rounds=most_rounds)


def narrowed(
    table: PayoffTable,
    width: float,
    play: Callable[[int, PayoffTable, np.ndarray], PayoffTable],
    rng: np.random.Generator,
    *,
    most_rounds: int = 40,
) -> tuple[PayoffTable, dict[str, Any]]:
    """Does the same as `refine`, whoever plays.

    Args:
      table: a table with at least two episodes in each cell.
      width: half-width to reach, in returns.
      play: `(round, table, batches [m, n]) -> table` with `BATCH` more episodes in each
        cell for every batch, in fresh worlds.
      rng: draws resamples.
      most_rounds: number of rounds after which it stops in any case.

    Raises:
      ValueError: a width that is not positive.
    """
    checked_width(width)
    began = int(table.episodes().sum())
    for number in range(most_rounds + 1):
        sensitivity = sensitivities(table, rng)
        episodes = table.episodes()
        deviation = table.std_error() * np.sqrt(episodes)
        reached = half_width(sensitivity, deviation, episodes)
        logging.info(f"refine: half-width {reached:.4g}, {episodes.sum()} episodes")
        if reached <= width or number == most_rounds:
            break
        # Each round closes half of what is missing, by the law of 1 / sqrt(n).
        batches = max(1, int(episodes.sum() * min(reached / width - 1, 1.0) / BATCH))
        given = allocate(sensitivity, deviation, episodes, batches)
        table = play(number, table, given)
    spent = int(table.episodes().sum())
    even = max(began, even_episodes(sensitivity, deviation, reached))
    return table, {
        "target_half_width": width,
        "half_width": reached,
        "reached": reached <= width,
        "episodes_before": began,
        "episodes": spent,
        "episodes_evenly": even,
        "saved_share": 1 - spent / even,
        "rounds": number,
    }


def _policies(
    lab: Lab, table: PayoffTable
) -> tuple[dict[str, Frozen], dict[str, Frozen]]:
    sides = []
    for names, nobody in zip((table.defenders, table.attackers), benign(), strict=True):
        sides.append(
            {n: nobody[n] if n in nobody else lab.store.load_policy(n) for n in names}
        )
    return sides[0], sides[1]


def _played(
    lab: Lab,
    name: str,
    table: PayoffTable,
    given: np.ndarray,
    filters: Mapping[str, Frozen],
    attacks: Mapping[str, Frozen],
) -> PayoffTable:
    """Returns the table with `given` more batches in each cell, in fresh worlds."""
    who = table.defenders, table.attackers, table.episodes().tolist()
    if lab.inputs.has(name, *who, given.tolist()):
        return PayoffTable.from_dict(lab.store.load_json(name))
    first = table.num_worlds
    for batches in np.unique(given[given > 0]):
        cells = [
            (table.defenders[i], table.attackers[j])
            for i, j in np.argwhere(given == batches)
        ]
        # The same worlds for all: cells of one round stay comparable.
        played = lab.knowing().play(
            name, filters, attacks, cells, int(batches) * BATCH, name
        )
        table = table.recorded(cells, *played, first_world=first)
    lab.store.save_json(name, table.to_dict())
    return table
