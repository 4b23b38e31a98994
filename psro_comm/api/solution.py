"""What PSRO puts out: both mixtures, the payoff table and the way there."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from games.engine.side import Side
from psro_comm.api.policies import Policy
from psro_comm.api.results import Result, flat, plain
from psro_comm.api.tables import Table
from psro_comm.lab.mixed import Mixed
from psro_comm.metagame.intervals import Interval, as_dict, bootstrap
from psro_comm.metagame.iteration import Iteration
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.regret import value
from psro_comm.metagame.solvers import EXACT, solve
from psro_comm.metagame.table_intervals import sampled_value

_RESAMPLES = 200
_PLAYERS = {"filter": "defender", "attack": "attacker"}


@dataclass(frozen=True, eq=False, repr=False)
class Solution(Result):
    """What PSRO put out: both mixtures, the table, and each iteration.

    Attributes:
      table: returns by world of all filters against all attacks.
      weights: of `filter` and `attack`, the mixture over the table's names.
      policies: attacks and filters by name; empty of players that are not ours.
      value: the value of the game, in returns, 95 % over worlds.
      history: what each iteration found.
      converged: whether no oracle gained more than its noise at the end.
    """

    table: Table
    weights: Mapping[str, Mapping[str, float]]
    policies: Mapping[str, Policy]
    value: Interval
    history: tuple[Iteration, ...]
    converged: bool

    @property
    def title(self) -> str:
        """The value, and whether it converged."""
        words = "converged" if self.converged else "not converged"
        return f"value {self.value} after {len(self.history)} iterations, {words}"

    @property
    def mixtures(self) -> Mapping[str, Policy]:
        """Both mixtures as policies, `filter` and `attack`: players for other calls.

        Empty where the policies are not ours.
        """
        if not self.policies:
            return {}
        return {side: self._mixture(side) for side in _PLAYERS}

    def records(self) -> list[dict[str, Any]]:
        """Returns a row an iteration: value, gains on fresh worlds, NashConv."""
        return [
            {
                "iteration": each.iteration,
                **flat("value", each.value),
                **flat("filter_gain", each.defender_gain),
                **flat("attack_gain", each.attacker_gain),
                "nash_conv": plain(each.nash_conv),
                "meta_solver": each.meta_solver,
                "converged": each.converged,
            }
            for each in self.history
        ]

    def shown(self) -> tuple[list[str], list[list[str]]]:
        """Returns both mixtures: who is played, and how often."""
        rows = [
            [side, name, f"{weight:.3f}"]
            for side in _PLAYERS
            for name, weight in self.weights[side].items()
            if weight > 0.0
        ]
        return ["side", "policy", "weight"], rows

    def to_dict(self) -> dict[str, Any]:
        """Returns everything but the weights of networks as JSON data."""
        return {
            "value": as_dict(self.value),
            "converged": self.converged,
            "history": [each.to_dict() for each in self.history],
            "mixtures": {side: dict(each) for side, each in self.weights.items()},
            "table": self.table.to_dict(),
        }

    def _mixture(self, side: str) -> Policy:
        members = {n: self.policies[n] for n, w in self.weights[side].items() if w > 0}
        return Policy.of(
            Mixed.supported(
                f"the {side}s' mixture",
                {n: next(iter(p.members.values())) for n, p in members.items()},
                self.weights[side],
            ),
            Side.of(side),
            {
                kind: each
                for p in members.values()
                for kind, each in p.functions.items()
            },
        )


def settled(
    table: PayoffTable, meta_solver: str, rng: np.random.Generator
) -> tuple[Interval, dict[str, dict[str, float]]]:
    """Returns the value of a table with its interval, and both mixtures by side."""
    solved = solve(meta_solver, table.mean(), table.std_error())
    if meta_solver in EXACT:
        found = sampled_value(table.returns, rng, _RESAMPLES)
    else:
        earned = partial(value, x=solved.x, y=solved.y)
        found = bootstrap(table.returns, earned, rng, _RESAMPLES)
    sides = (
        ("filter", table.defenders, solved.x),
        ("attack", table.attackers, solved.y),
    )
    return found, {
        side: dict(zip(names, weights.tolist(), strict=True))
        for side, names, weights in sides
    }
