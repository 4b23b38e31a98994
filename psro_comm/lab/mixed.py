"""Mixtures of frozen policies: defenders, attackers and players are such mixtures."""

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
      name: the mixture's name in reports.
      policies: the policies by name, as payoff tables name them.
      weights: `[policies]`, a distribution.
      team: the team that plays behind these filters, where it is not that of the run.
    """

    name: str
    policies: Mapping[str, Frozen]
    weights: np.ndarray
    team: Frozen | None = None

    @classmethod
    def pure(cls, name: str, policy: Frozen) -> "Mixed":
        """Returns the mixture of a single policy, which has the name of the mixture."""
        return cls(name, {name: policy}, np.ones(1))

    @classmethod
    def supported(
        cls, name: str, policies: Mapping[str, Frozen], weights: Mapping[str, float]
    ) -> "Mixed":
        """Returns the mixture of the policies whose weight in `weights` is positive."""
        kept = {n: policies[n] for n, w in weights.items() if w > 0.0}
        return cls(name, kept, np.array([weights[n] for n in kept]))

    def thaw(self, device: torch.device | str = "cpu") -> Mixture:
        """Returns the mixture as modules, ready to play."""
        members = list(self.policies.values())
        return thaw_mixture(members, self.weights.tolist(), device)
