"""Policies of either side, as results hold them and calls take them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from games.engine.side import Side
from oracles.strategies.frozen import Frozen
from psro_comm.lab.mixed import Mixed

Function = Callable[[Any], Any]
Functions = Mapping[str, type]
NONE: Functions = {}


@dataclass(frozen=True, eq=False, repr=False)
class Policy:
    """A policy of one side, or a mixture of several: frozen, it never changes again.

    Attributes:
      name: its name in tables.
      side: `filter` or `attack`.
      members: what is mixed, by name; one for a pure policy.
      weights: their probabilities, which sum to 1.
      functions: of members that are functions of this process, their classes by kind.
    """

    name: str
    side: str
    members: Mapping[str, Frozen]
    weights: Mapping[str, float]
    functions: Mapping[str, type] = field(default_factory=dict)

    @classmethod
    def pure(cls, name: str, policy: Frozen, functions: Functions = NONE) -> "Policy":
        """Returns the policy that plain data describe; its facts name its side."""
        side, kind = str(policy.facts["role"]), policy.facts["kind"]
        own = {kind: functions[kind]} if kind in functions else {}
        return cls(name, side, {name: policy}, {name: 1.0}, own)

    @classmethod
    def of(cls, mixed: Mixed, side: Side, functions: Functions = NONE) -> "Policy":
        """Returns a mixture as a policy."""
        weights = zip(mixed.policies, mixed.weights.tolist(), strict=True)
        members = dict(mixed.policies)
        return cls(mixed.name, side.strategy, members, dict(weights), functions)

    @property
    def kind(self) -> str:
        """Its key in ATTACKS or FILTERS; `mixture` of several."""
        if len(self.members) > 1:
            return "mixture"
        (only,) = self.members.values()
        return str(only.facts["kind"])

    def digest(self) -> str:
        """Returns a hash; policies of equal hashes play equally."""
        if len(self.members) == 1:
            (only,) = self.members.values()
            return only.digest()
        parts = (f"{p.digest()} {self.weights[n]!r}" for n, p in self.members.items())
        return Frozen({"mixture": sorted(parts)}, {}).digest()

    def as_mixed(self, name: str | None = None) -> Mixed:
        """Returns it as the rest of the code has it, under a name."""
        name = name or self.name
        if len(self.members) == 1:
            return Mixed(name, {name: next(iter(self.members.values()))}, np.ones(1))
        weights = np.array([self.weights[each] for each in self.members])
        return Mixed(name, dict(self.members), weights)

    def __repr__(self) -> str:
        """Returns its side, name and kind; of a mixture, its weights."""
        words = f"{self.side} {self.name!r}, {self.kind}"
        if len(self.members) == 1:
            return f"<{words}>"
        mixed = ", ".join(f"{w:.3f} {n}" for n, w in self.weights.items())
        return f"<{words} of {mixed}>"


Player = str | Policy | Function
"""What a call takes for a player: a name of docs/commands.md, a policy or a function.

An attack is a function `AttackView -> delta [B,K,D]`; a filter `FilterView -> flags
[B,N]`, or `-> (flags, repaired [B,N,D])`.
"""
