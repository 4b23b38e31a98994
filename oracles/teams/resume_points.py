"""Resume points of a training: weights and the optimiser's moments, by flat names."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn


def snapshot(
    modules: Mapping[str, nn.Module], optimizer: torch.optim.Optimizer
) -> dict[str, Tensor]:
    """Copies weights as `<name>.<key>`, moments as `optimizer.<index>.<key>`."""
    tensors: dict[str, Tensor] = {}
    for name, module in modules.items():
        tensors |= {f"{name}.{k}": v for k, v in module.state_dict().items()}
    for index, state in optimizer.state_dict()["state"].items():
        tensors |= {
            f"optimizer.{index}.{k}": torch.as_tensor(v) for k, v in state.items()
        }
    return {k: v.detach().clone() for k, v in tensors.items()}


def restore(
    modules: Mapping[str, nn.Module],
    optimizer: torch.optim.Optimizer,
    tensors: Mapping[str, Tensor],
) -> None:
    """Restores what `snapshot` returned."""
    for name, module in modules.items():
        start = f"{name}."
        own = {k: v for k, v in tensors.items() if k.startswith(start)}
        module.load_state_dict({k.removeprefix(start): v for k, v in own.items()})
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith("optimizer."):
            _, index, name = key.split(".")
            state.setdefault(int(index), {})[name] = value.clone()
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
