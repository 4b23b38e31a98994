"""Worst case, measured: defenders against attackers that were trained to break them.

A defender is a mixture of filters. Each meets (a) the attacker's mixture of the
meta-equilibrium, (b) held-out attackers that no defender was trained against, and (c)
a fresh attacker, trained from scratch on that very defender, frozen. What (c) finds is
a lower bound on the defender's exploitability: a better attacker may exist.

Source: paper section 5.5, table 3 (column a); DESIGN.md 2.9 (columns b and c).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch

from oracles.strategies.frozen import Frozen
from psro_comm.lab.lab import Lab, Response
from psro_comm.metagame.intervals import (
    Interval,
    as_dict,
    mean_interval,
    paired_difference,
    share_interval,
)
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.regret import mixture_returns


class Defender(NamedTuple):
    """A mixture of filters under one name."""

    name: str
    filters: Mapping[str, Frozen]
    weights: np.ndarray  # [filters]

    @classmethod
    def pure(cls, name: str, filter_: Frozen) -> "Defender":
        """A single filter."""
        return cls(name, {name: filter_}, np.ones(1))

    @classmethod
    def mixed(
        cls, name: str, policies: Mapping[str, Frozen], weights: Mapping[str, float]
    ) -> "Defender":
        """The supported part of a mixture."""
        kept = {n: policies[n] for n, w in weights.items() if w > 0.0}
        return cls(name, kept, np.array([weights[n] for n in kept]))


class Opponent(NamedTuple):
    """A mixture of attacks under one name."""

    name: str
    attacks: Mapping[str, Frozen]
    weights: np.ndarray  # [attacks]


def breaker(lab: Lab, name: str, defender: Defender) -> Response:
    """A fresh attacker against a frozen defender: all restarts, the full budget.

    It never stops early: the paper's threshold is for the attacker of its curves.
    """
    return Response(
        name,
        defender.filters,
        defender.weights.tolist(),
        replace(lab.config.attack, stop_return=None),
        lab.config.attack_oracle,
        lab.config.psro.restarts,
    )


def audit(
    lab: Lab,
    name: str,
    defenders: Sequence[Defender],
    opponents: Sequence[Opponent],
) -> PayoffTable:
    """Plays every filter of the defenders against every attack, on fresh worlds."""
    filters: dict[str, Frozen] = {}
    attacks: dict[str, Frozen] = {}
    for defender in defenders:
        filters |= defender.filters
    for opponent in opponents:
        attacks |= opponent.attacks
    return lab.table(name, filters, attacks, lab.config.evaluation.episodes)


def returns_of(
    table: PayoffTable, defender: Defender, opponent: Opponent
) -> np.ndarray:
    """Expected return by world, `[W]`, of one mixture against another."""
    cells = table.select(tuple(defender.filters), tuple(opponent.attacks))
    return mixture_returns(cells, defender.weights, opponent.weights)


def distortion_of(table: PayoffTable, defender: Defender, opponent: Opponent) -> float:
    """Mean distortion of the messages that `opponent` forged."""
    cells = table.select(tuple(defender.filters), tuple(opponent.attacks))
    return float(defender.weights @ cells.mean_distortion() @ opponent.weights)


def success_of(
    table: PayoffTable, defender: Defender, opponent: Opponent
) -> dict[str, float]:
    """Expected success rate of one mixture against another, with its interval."""
    cells = table.select(tuple(defender.filters), tuple(opponent.attacks))
    won = mixture_returns(cells, defender.weights, opponent.weights, quantity="success")
    # numpy's mean would give other last digits than the reports of finished runs have.
    share = float(torch.from_numpy(won).mean())
    return as_dict(share_interval(share, len(won)))


def measured(table: PayoffTable, defender: Defender, opponent: Opponent) -> Interval:
    """Mean return of one mixture against another, with its 95 % interval."""
    return mean_interval(returns_of(table, defender, opponent))


def compare(
    table: PayoffTable,
    ours: tuple[Defender, Opponent],
    theirs: tuple[Defender, Opponent],
) -> Interval:
    """How much more `ours` earns than `theirs` in the same worlds."""
    return paired_difference(returns_of(table, *ours), returns_of(table, *theirs))


def row(
    table: PayoffTable, label: str, defender: Defender, opponent: Opponent
) -> dict[str, Any]:
    """One line of a report: who met whom, and what came of it."""
    result = measured(table, defender, opponent)
    return {
        "label": label,
        "defender": defender.name,
        "attacker": opponent.name,
        "return": as_dict(result),
        "success": success_of(table, defender, opponent),
        "distortion": distortion_of(table, defender, opponent),
        "episodes": table.num_worlds,
    }
