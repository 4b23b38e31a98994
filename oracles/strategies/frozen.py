"""Frozen policies and teams: plain data to store, send to workers and compare.

This module needs no torch: `oracles.strategies.freezing` converts policies.
"""

import hashlib
import json
from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np

from oracles.strategies.config import Recipe


class Frozen(NamedTuple):
    """A policy or a team as plain data."""

    facts: dict[str, Any]  # JSON: role, kind and constructor arguments
    tensors: dict[str, np.ndarray]
    source: str = ""  # the file that it was read from, for messages; no part of it

    def digest(self) -> str:
        """Returns a hash; policies with equal hashes play equally."""
        text = json.dumps(self.facts, sort_keys=True).encode()
        hashed = hashlib.sha256(text)
        for name in sorted(self.tensors):
            hashed.update(name.encode())
            hashed.update(np.ascontiguousarray(self.tensors[name]).tobytes())
        return hashed.hexdigest()

    def made_by(self, recipe: Recipe) -> bool:
        """Returns whether it is a policy of the recipe's kind and configuration."""
        if self.facts.get("kind") != recipe.kind:
            return False
        config, own = recipe.config, self.facts.get("config", self.facts)
        told = {f.name: own[f.name] for f in fields(config) if f.name in own}
        # What facts leave out says what was played before there was a name for it.
        read = getattr(config, "from_plain", lambda plain: type(config)(**plain))
        return bool(read(told) == config)
