"""Converts policies to plain data and back.

A policy in a population never changes again. `freeze` turns it into names, numbers
and arrays; `thaw` builds the same policy anew, in evaluation mode and without
gradients. Both go by the kind of a policy, which its side's registry knows.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from games.engine.population import Mixture
from games.engine.side import Side
from oracles.strategies.frozen import Frozen
from oracles.strategies.registry import strategies


def to_arrays(tensors: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
    """Copies tensors to numpy arrays on the CPU."""
    return {k: v.detach().cpu().numpy().copy() for k, v in tensors.items()}


def to_tensors(arrays: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
    """Copies arrays to tensors on the CPU."""
    return {k: torch.from_numpy(np.array(v)) for k, v in arrays.items()}


def facts_of(policy: Any) -> dict[str, Any]:
    """Returns what `rebuilt` needs to know of an attack or a filter, as JSON data."""
    return {"kind": policy.kind, "role": policy.side.strategy, **policy.arguments()}


def freeze(policy: Any) -> Frozen:
    """Turns an attack or a filter into plain data."""
    facts = facts_of(policy)
    state = policy.state_dict() if isinstance(policy, nn.Module) else {}
    return Frozen(facts, to_arrays(state))


def rebuilt(facts: Mapping[str, Any]) -> Any:
    """Builds the policy that facts describe, without its weights.

    Raises:
      ValueError: an unknown kind.
    """
    facts = dict(facts)
    role, kind = facts.pop("role", None), facts.pop("kind", None)
    known = strategies(Side.of(role)) if role in ("filter", "attack") else {}
    if kind not in known:
        raise ValueError(f"a policy of kind {kind!r} and role {role!r} is unknown")
    return known[kind].load().rebuild(facts)


def thaw(frozen: Frozen, device: torch.device | str = "cpu") -> Any:
    """Builds the policy that frozen data describe.

    Raises:
      ValueError: an unknown kind, or weights of other shapes than the facts say.
    """
    policy = rebuilt(frozen.facts)
    if not isinstance(policy, nn.Module):
        return policy
    try:
        policy.load_state_dict(to_tensors(frozen.tensors))
    except RuntimeError as error:
        first_line = str(error).splitlines()[-1].strip()
        raise ValueError(
            f"the weights of a {policy.kind} do not fit: {first_line}"
        ) from error
    return policy.to(device).eval().requires_grad_(False)


def thaw_mixture(
    members: Sequence[Frozen],
    weights: Sequence[float],
    device: torch.device | str = "cpu",
) -> Mixture:
    """Builds a mixture of frozen policies; those without weight are left out."""
    kept = [(m, w) for m, w in zip(members, weights, strict=True) if w > 0.0]
    return Mixture([thaw(m, device) for m, _ in kept], [w for _, w in kept])
