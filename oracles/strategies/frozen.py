"""Frozen policies as plain data: what is stored, sent to workers and compared.

A policy in a population never changes again. `freeze` turns it into names, numbers
and arrays; `thaw` builds the same policy anew, in evaluation mode and without
gradients. Both go by the kind of a policy, which its side's registry knows.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from games.engine.population import Mixture
from games.engine.side import Side
from oracles.strategies.config import Recipe
from oracles.strategies.registry import strategies


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


def freeze(policy: Any) -> Frozen:
    """Turns an attack or a filter into plain data."""
    facts = {"kind": policy.kind, "role": policy.side.strategy, **policy.arguments()}
    state = policy.state_dict() if isinstance(policy, nn.Module) else {}
    return Frozen(facts, {k: v.detach().cpu().numpy().copy() for k, v in state.items()})


def thaw(frozen: Frozen, device: torch.device | str = "cpu") -> Any:
    """Builds the policy that was frozen.

    Raises:
      ValueError: an unknown kind, or weights of other shapes than the facts say.
    """
    facts = dict(frozen.facts)
    role, kind = facts.pop("role", None), facts.pop("kind", None)
    known = strategies(Side.of(role)) if role in ("filter", "attack") else {}
    if kind not in known:
        raise ValueError(f"a policy of kind {kind!r} and role {role!r} is unknown")
    policy = known[kind].load().rebuild(facts)
    if not isinstance(policy, nn.Module):
        return policy
    try:
        policy.load_state_dict(
            {k: torch.from_numpy(np.array(v)) for k, v in frozen.tensors.items()}
        )
    except RuntimeError as error:
        first_line = str(error).splitlines()[-1].strip()
        raise ValueError(f"the weights of a {kind} do not fit: {first_line}") from error
    return policy.to(device).eval().requires_grad_(False)


def thaw_mixture(
    members: Sequence[Frozen],
    weights: Sequence[float],
    device: torch.device | str = "cpu",
) -> Mixture:
    """A mixed strategy over frozen policies; those without weight are left out."""
    kept = [(m, w) for m, w in zip(members, weights, strict=True) if w > 0.0]
    return Mixture([thaw(m, device) for m, _ in kept], [w for _, w in kept])


def from_file(tensors: Mapping[str, Any], facts: Mapping[str, Any]) -> Frozen:
    """A policy as read from a store."""
    return Frozen(
        dict(facts), {name: np.asarray(value) for name, value in tensors.items()}
    )
