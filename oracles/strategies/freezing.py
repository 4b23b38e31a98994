"""Converts policies to plain data and back.

A policy in a population never changes again. `freeze` turns it into names, numbers
and arrays; `thaw` builds the same policy anew, in evaluation mode and without
gradients. Both go by the kind of a policy, which its side's registry knows.
"""

from collections.abc import Callable, Mapping, Sequence
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
      ValueError: an unknown kind, or facts that do not fit it.
    """
    facts = dict(facts)
    role, kind = facts.pop("role", None), facts.pop("kind", None)
    known = strategies(Side.of(role)) if role in ("filter", "attack") else {}
    if kind not in known:
        raise ValueError(f"a policy of kind {kind!r} and role {role!r} is unknown")
    try:
        return known[kind].load().rebuild(facts)
    except (TypeError, KeyError, AttributeError, IndexError) as error:
        raise ValueError(f"its facts do not fit: {error}") from error


def filled(build: Callable[[], Any], arrays: Mapping[str, np.ndarray]) -> Any:
    """Builds a policy or a team, and gives it its weights.

    It is built without memory first: facts of another size than the weights must not
    ask for more than there is.

    Args:
      build: builds it, with other weights.
      arrays: its weights by name; of a policy without any, they do not matter.

    Raises:
      ValueError: the weights are of other shapes than it has.
    """
    try:
        with torch.device("meta"):
            shell = build()
    except RuntimeError:  # others' code may need numbers to be built
        shell = None
    if isinstance(shell, nn.Module):
        _check_shapes(shell, arrays)
    try:
        made = build()
        if isinstance(made, nn.Module):
            made.load_state_dict(to_tensors(arrays))
    except RuntimeError as error:  # torch's, of a size that no tensor can have
        raise ValueError(str(error).splitlines()[-1].strip()) from error
    return made


def _check_shapes(shell: nn.Module, arrays: Mapping[str, np.ndarray]) -> None:
    wanted = {name: tuple(leaf.shape) for name, leaf in shell.state_dict().items()}
    outgrown = getattr(shell, "outgrown", None)  # what older files kept beside it
    given = [name for name in arrays if not (outgrown and name.startswith(outgrown))]
    for name in sorted({*wanted, *given}):
        here = arrays[name].shape if name in arrays else "absent"
        if here != wanted.get(name, "absent"):
            must = wanted.get(name, "absent")
            raise ValueError(f"its {name} is {here}, must be {must}")


def thaw(frozen: Frozen, device: torch.device | str = "cpu") -> Any:
    """Builds the policy that frozen data describe.

    Raises:
      ValueError: an unknown kind, or weights of other shapes than the facts say.
    """
    where = f"{frozen.source}: " if frozen.source else ""
    try:
        policy = filled(lambda: rebuilt(frozen.facts), frozen.tensors)
    except ValueError as error:
        kind = frozen.facts.get("kind")
        raise ValueError(
            f"{where}the weights of a {kind} do not fit: {error}"
        ) from error
    if not isinstance(policy, nn.Module):
        return policy
    return policy.to(device).eval().requires_grad_(False)


def thaw_mixture(
    members: Sequence[Frozen],
    weights: Sequence[float],
    device: torch.device | str = "cpu",
) -> Mixture:
    """Builds a mixture of frozen policies; those without weight are left out."""
    kept = [(m, w) for m, w in zip(members, weights, strict=True) if w > 0.0]
    return Mixture([thaw(m, device) for m, _ in kept], [w for _, w in kept])
