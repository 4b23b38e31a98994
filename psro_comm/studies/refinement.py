"""Plays new episodes where they narrow the interval of the game's value most."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from absl import logging

from oracles.strategies.frozen import Frozen
from psro_comm.lab.lab import Lab
from psro_comm.metagame.allocation import (
    BATCH,
    Known,
    allocate,
    checked_width,
    even_episodes,
    known,
)
from psro_comm.metagame.meta_game import MetaGame
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.psro.rmacrl import benign


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
        now = known(MetaGame.of(table), rng)
        spent = int(now.episodes.sum())
        logging.info(f"refine: half-width {now.half_width:.4g}, {spent} episodes")
        if now.half_width <= width or number == most_rounds:
            break
        given = allocate(
            now.sensitivity, now.deviation, now.episodes, _batches(now, width)
        )
        table = play(number, table, given)
    first_order = now.half_width / now.stretch
    even = max(began, even_episodes(now.sensitivity, now.deviation, first_order))
    return table, {
        "target_half_width": width,
        "half_width": now.half_width,
        "reached": now.half_width <= width,
        "episodes_before": began,
        "episodes": spent,
        "episodes_evenly": even,
        "saved_share": 1 - spent / even,
        "rounds": number,
    }


def _batches(now: Known, width: float) -> int:
    """Returns the batches of a round: half of what is missing, by 1 / sqrt(n)."""
    missing = min(now.half_width / width - 1, 1.0)
    return max(1, int(now.episodes.sum() * missing / BATCH))


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
