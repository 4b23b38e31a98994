"""A policy or team as plain data: what is stored, sent to workers and compared.

Needs no torch: `oracles.strategies.freezing` makes it and builds policies of it.
"""

import hashlib
import json
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np

from oracles.strategies.config import Recipe


class Frozen(NamedTuple):
    """A policy as plain data."""

    facts: dict[str, Any]  # JSON: role, kind and constructor arguments
    tensors: dict[str, np.ndarray]

    def digest(self) -> str:
        """Identity of the weights: equal digests play equally."""
        text = json.dumps(self.facts, sort_keys=True).encode()
        hashed = hashlib.sha256(text)
        for name in sorted(self.tensors):
            hashed.update(name.encode())
            hashed.update(np.ascontiguousarray(self.tensors[name]).tobytes())
        return hashed.hexdigest()

    def made_by(self, recipe: Recipe) -> bool:
        """Whether it is a policy of this very kind and configuration."""
        same_kind = self.facts.get("kind") == recipe.kind
        return same_kind and self.facts.get("config") == asdict(recipe.config)
