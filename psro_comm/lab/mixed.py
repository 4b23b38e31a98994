"""Mixed strategies of frozen policies: what defenders, attackers and players are."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch

from games.engine.population import Mixture
from oracles.strategies.freezing import thaw_mixture
from oracles.strategies.frozen import Frozen


class Mixed(NamedTuple):
    """A mixture of policies of one side, under one name.

    Attributes:
      name: of the mixture, as reports have it.
      policies: by their names, which are those of a payoff table.
      weights: `[policies]`, a distribution.
    """

    name: str
    policies: Mapping[str, Frozen]
    weights: np.ndarray

    @classmethod
    def pure(cls, name: str, policy: Frozen) -> "Mixed":
        """A single policy, under its own name."""
        return cls(name, {name: policy}, np.ones(1))

    @classmethod
    def supported(
        cls, name: str, policies: Mapping[str, Frozen], weights: Mapping[str, float]
    ) -> "Mixed":
        """The policies of positive weight, in the order of `weights`."""
        kept = {n: policies[n] for n, w in weights.items() if w > 0.0}
        return cls(name, kept, np.array([weights[n] for n in kept]))

    def thaw(self, device: torch.device | str = "cpu") -> Mixture:
        """The mixture, ready to play."""
        members = list(self.policies.values())
        return thaw_mixture(members, self.weights.tolist(), device)
