"""Frozen policies as plain data: what is stored, sent to workers and compared.

A policy in a population never changes again. `freeze` turns it into names, numbers
and arrays; `thaw` builds the same policy anew, in evaluation mode and without
gradients.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from games.engine.channel import NoAttack, NoFilter
from games.engine.population import Mixture
from oracles.strategies.attacks import GaussianAttack
from oracles.strategies.config import AttackConfig, FilterConfig, Threat
from oracles.strategies.filters import TwoStageFilter
from oracles.strategies.threat import MuteAttack, NoiseAttack


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

    def made_with(self, config: Any) -> bool:
        """Whether it is a learner of this very configuration."""
        return bool(self.facts.get("config") == asdict(config))


def freeze(policy: Any) -> Frozen:
    """Turns an attack or a filter into plain data."""
    if isinstance(policy, NoAttack):
        return Frozen({"role": "attack", "kind": "none"}, {})
    if isinstance(policy, NoFilter):
        return Frozen({"role": "filter", "kind": "none"}, {})
    facts = {"kind": policy.kind, **_arguments(policy)}
    state = policy.state_dict()
    return Frozen(facts, {k: v.detach().cpu().numpy().copy() for k, v in state.items()})


def _arguments(policy: Any) -> dict[str, Any]:
    """What a policy's constructor needs, as JSON."""
    if isinstance(policy, TwoStageFilter):
        width = policy.message_mean.shape[0]
        return {
            "role": "filter",
            "config": asdict(policy.config),
            "message_size": width,
            "num_agents": policy.num_agents,
        }
    arguments = {
        "role": "attack",
        "threat": asdict(policy.threat),
        "message_size": policy.message_rms.shape[0],
    }
    if isinstance(policy, NoiseAttack):
        arguments["size"] = float(policy.size)
    if isinstance(policy, GaussianAttack):
        arguments["config"] = asdict(policy.config)
        arguments |= policy.sizes
    return arguments


def thaw(frozen: Frozen, device: torch.device | str = "cpu") -> Any:
    """Builds the policy that was frozen.

    Raises:
      ValueError: an unknown kind, or weights of other shapes than the facts say.
    """
    facts = dict(frozen.facts)
    role, kind = facts.pop("role", None), facts.pop("kind", None)
    if kind == "none":
        return NoFilter() if role == "filter" else NoAttack()
    if role == "filter" and kind == "two_stage":
        policy: nn.Module = TwoStageFilter(FilterConfig(**facts.pop("config")), **facts)
    elif role == "attack" and kind in ("gaussian", "noise", "mute"):
        policy = _thaw_attack(kind, facts)
    else:
        raise ValueError(f"a policy of kind {kind!r} and role {role!r} is unknown")
    try:
        policy.load_state_dict(
            {k: torch.from_numpy(np.array(v)) for k, v in frozen.tensors.items()}
        )
    except RuntimeError as error:
        first_line = str(error).splitlines()[-1].strip()
        raise ValueError(f"the weights of a {kind} do not fit: {first_line}") from error
    return policy.to(device).eval().requires_grad_(False)


def _thaw_attack(kind: str, facts: dict[str, Any]) -> nn.Module:
    threat = Threat.from_plain(facts.pop("threat"))
    if kind == "gaussian":
        config = AttackConfig(**facts.pop("config"))
        return GaussianAttack(threat, config=config, **facts)
    return {"noise": NoiseAttack, "mute": MuteAttack}[kind](threat, **facts)


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
