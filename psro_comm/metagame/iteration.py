"""Values for the results of algorithm 1: of an iteration, and of a whole run."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psro_comm.metagame.intervals import Interval, as_dict
from psro_comm.metagame.reading import (
    need,
    read_interval,
    read_list,
    read_number,
    read_numbers,
)

_GAINS = "oracle_gains_on_fresh_worlds"


@dataclass(frozen=True)
class Iteration:
    """The result of one iteration: both mixtures and their quality.

    Attributes:
      iteration: number of the iteration, from 1.
      defender_mixture, attacker_mixture: weights by policy.
      meta_solver: the solver that solved; not the one asked for, if that failed.
      meta_solver_failures: why solvers failed, one line each.
      value: value of the table.
      nash_conv, nash_conv_openspiel: NashConv of the mixtures within the table.
      defender_gain, attacker_gain: gains of the new policies, on fresh worlds.
      converged: whether neither gain is larger than its noise.
      std_error_max: largest standard error of the table's cells.
    """

    iteration: int
    defender_mixture: Mapping[str, float]
    attacker_mixture: Mapping[str, float]
    meta_solver: str
    meta_solver_failures: tuple[str, ...]
    value: Interval
    nash_conv: float
    nash_conv_openspiel: float
    defender_gain: Interval
    attacker_gain: Interval
    converged: bool
    std_error_max: float

    def mixture(self, side: str) -> Mapping[str, float]:
        """Returns the weights by policy of `defender` or `attacker`."""
        return self.defender_mixture if side == "defender" else self.attacker_mixture

    def gain(self, side: str) -> Interval:
        """Returns what the new policy of `defender` or `attacker` gains."""
        return self.defender_gain if side == "defender" else self.attacker_gain

    def to_dict(self) -> dict[str, Any]:
        """Returns the iteration as JSON data, as `iteration-*.json` holds it."""
        return {
            "iteration": self.iteration,
            "defender_mixture": dict(self.defender_mixture),
            "attacker_mixture": dict(self.attacker_mixture),
            "meta_solver": self.meta_solver,
            "meta_solver_failures": list(self.meta_solver_failures),
            "value": as_dict(self.value),
            "nash_conv_in_table": self.nash_conv,
            "nash_conv_in_table_openspiel": self.nash_conv_openspiel,
            _GAINS: {
                "defender": as_dict(self.defender_gain),
                "attacker": as_dict(self.attacker_gain),
            },
            "converged": self.converged,
            "std_error_max": self.std_error_max,
        }

    @classmethod
    def from_dict(cls, found: Any) -> "Iteration":
        """Returns the iteration of JSON data; what older runs lack is empty or NaN.

        Raises:
          ValueError: another part is absent or damaged.
        """
        number = int(read_number(found, "iteration", "an iteration"))
        where = f"iteration {number}"
        defender, attacker = (
            read_numbers(need(found, key, where), f"{key} of {where}")
            for key in ("defender_mixture", "attacker_mixture")
        )
        gains = need(found, _GAINS, where)
        return cls(
            iteration=number,
            defender_mixture=defender,
            attacker_mixture=attacker,
            meta_solver=found.get("meta_solver", ""),
            meta_solver_failures=tuple(read_list(found, "meta_solver_failures")),
            value=read_interval(need(found, "value", where), f"value of {where}"),
            nash_conv=read_number(found, "nash_conv_in_table", where),
            nash_conv_openspiel=read_number(
                found, "nash_conv_in_table_openspiel", where
            ),
            defender_gain=_read_gain(gains, "defender", where),
            attacker_gain=_read_gain(gains, "attacker", where),
            converged=bool(found.get("converged", False)),
            std_error_max=found.get("std_error_max", math.nan),
        )


def _read_gain(gains: Any, side: str, where: str) -> Interval:
    found = need(gains, side, f"gains of {where}")
    return read_interval(found, f"{side}'s gain of {where}")


@dataclass(frozen=True)
class Solved:
    """The output of algorithm 1: both mixtures, and the iterations that led to them."""

    iterations: int
    converged: bool
    history: tuple[Iteration, ...]
    defender_mixture: Mapping[str, float]
    attacker_mixture: Mapping[str, float]

    def mixture(self, side: str) -> Mapping[str, float]:
        """Returns the weights by policy of `defender` or `attacker`."""
        return self.defender_mixture if side == "defender" else self.attacker_mixture

    def to_dict(self) -> dict[str, Any]:
        """Returns the solution as JSON data, as `psro.json` holds it."""
        return {
            "iterations": self.iterations,
            "converged": self.converged,
            "history": [each.to_dict() for each in self.history],
            "defender_mixture": dict(self.defender_mixture),
            "attacker_mixture": dict(self.attacker_mixture),
        }

    @classmethod
    def from_dict(cls, found: Any) -> "Solved":
        """Returns the solution of JSON data; what older runs lack is empty.

        Raises:
          ValueError: a part is damaged.
        """
        history = tuple(map(Iteration.from_dict, read_list(found, "history")))
        return cls(
            int(found.get("iterations", len(history))),
            bool(found.get("converged", False)),
            history,
            read_numbers(found.get("defender_mixture", {}), "defender_mixture"),
            read_numbers(found.get("attacker_mixture", {}), "attacker_mixture"),
        )
