"""Measures the worst case: defenders against attackers that are trained on them.

A defender is a mixture of filters. Each meets (a) the attacker's mixture of the
meta-equilibrium, (b) held-out attackers that no defender was trained against, and (c)
a fresh attacker, trained from scratch on that very defender, frozen. What (c) finds is
a lower bound on the defender's exploitability: a better attacker may exist.

Source: paper section 4.5, table 3 (column a); DESIGN.md 2.9 (columns b and c).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from games.engine.side import Side
from oracles.strategies.frozen import Frozen
from psro_comm.lab.lab import Lab, Response
from psro_comm.lab.mixed import Mixed
from psro_comm.metagame.intervals import (
    Interval,
    mean_interval,
    paired_difference,
    share_interval,
)
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.regret import mixture_returns
from psro_comm.metagame.rows import Row
from psro_comm.settings.portfolio import stopping_at


def breaker(lab: Lab, name: str, defender: Mixed) -> Response:
    """Returns the task of a fresh attacker on a frozen defender, at the full budget.

    It gets all restarts and never stops early: the paper's threshold is for the
    attacker of its curves.
    """
    return Response(
        name,
        defender.policies,
        defender.weights.tolist(),
        stopping_at(lab.config.recipe(Side.ATTACKER), None),
        lab.config.psro.restarts,
    )


def audit(
    lab: Lab,
    name: str,
    defenders: Sequence[Mixed],
    opponents: Sequence[Mixed],
) -> PayoffTable:
    """Plays every filter of the defenders against every attack, on fresh worlds."""
    filters: dict[str, Frozen] = {}
    attacks: dict[str, Frozen] = {}
    for defender in defenders:
        filters |= defender.policies
    for opponent in opponents:
        attacks |= opponent.policies
    return lab.table(name, filters, attacks, lab.config.evaluation.episodes)


def play_pairs(
    lab: Lab, name: str, pairs: Sequence[tuple[Mixed, Mixed]], **how: Any
) -> PayoffTable:
    """Plays each defender against the attacker beside it, policy by policy.

    Args:
      lab: the lab of the game.
      name: the artefact's name.
      pairs: defenders and attackers; other cells of the table stay NaN.
      **how: `episodes`, `old` and `worlds` of `Lab.table`.
    """
    rows = {n: p for defender, _ in pairs for n, p in defender.policies.items()}
    columns = {n: p for _, attack in pairs for n, p in attack.policies.items()}
    cells = {
        (row, column)
        for defender, attack in pairs
        for row in defender.policies
        for column in attack.policies
    }
    return lab.table(name, rows, columns, cells=cells, **how)


def returns_of(table: PayoffTable, defender: Mixed, opponent: Mixed) -> np.ndarray:
    """Returns the expected return by world, `[W]`, of one mixture against another."""
    cells = table.select(tuple(defender.policies), tuple(opponent.policies))
    return mixture_returns(cells, defender.weights, opponent.weights)


def distortion_of(table: PayoffTable, defender: Mixed, opponent: Mixed) -> float:
    """Returns the mean distortion of the messages that `opponent` forged."""
    cells = table.select(tuple(defender.policies), tuple(opponent.policies))
    return float(defender.weights @ cells.mean_distortion() @ opponent.weights)


def success_of(table: PayoffTable, defender: Mixed, opponent: Mixed) -> Interval:
    """Returns the success rate of one mixture against another, with its interval."""
    cells = table.select(tuple(defender.policies), tuple(opponent.policies))
    won = mixture_returns(cells, defender.weights, opponent.weights, quantity="success")
    # numpy's mean would give other last digits than the reports of finished runs have.
    share = float(torch.from_numpy(won).mean())
    return share_interval(share, len(won))


def measured(table: PayoffTable, defender: Mixed, opponent: Mixed) -> Interval:
    """Returns the mean return of a mixture against another, with its interval."""
    return mean_interval(returns_of(table, defender, opponent))


def compare(
    table: PayoffTable,
    ours: tuple[Mixed, Mixed],
    theirs: tuple[Mixed, Mixed],
) -> Interval:
    """Returns how much more `ours` earns than `theirs` in the same worlds."""
    return paired_difference(returns_of(table, *ours), returns_of(table, *theirs))


def row(table: PayoffTable, label: str, defender: Mixed, opponent: Mixed) -> Row:
    """Returns one line of a report: the result of a defender against an attacker."""
    return Row(
        label,
        defender.name,
        opponent.name,
        measured(table, defender, opponent),
        success_of(table, defender, opponent),
        distortion_of(table, defender, opponent),
        table.num_worlds,
    )
