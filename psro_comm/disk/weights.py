"""Reads weights that another program wrote; nothing in a file is ever run."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psro_comm.disk.files import StoreError, read_bytes

if TYPE_CHECKING:
    from torch import Tensor

_TORCH = (".pt", ".pth")


def read_weights(path: str | Path) -> "dict[str, Tensor]":
    """Returns the state dict of a file, by name, on the CPU.

    Args:
      path: a `.safetensors` file, or a `.pt` or `.pth` file that holds a state dict,
        alone or under `state_dict`.

    Raises:
      StoreError: another kind of file, an absent or damaged one, or one that holds
        more than tensors.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    path = Path(path)
    if path.suffix in _TORCH:
        return _named(_from_torch(path), path)
    if path.suffix != ".safetensors":
        known = ", ".join((".safetensors", *_TORCH))
        raise StoreError(f"weights is {str(path)!r}, must end in one of {known}")
    try:
        return _named(load(read_bytes(path)), path)
    except SafetensorError as error:
        raise StoreError(f"{path} is damaged: {error}") from error


def _from_torch(path: Path) -> Any:
    import torch

    if not path.is_file():
        raise StoreError(f"cannot read {path}: no such file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old formats
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever a damaged or an evil file raises
        raise StoreError(
            f"{path} holds more than tensors, or is damaged: torch refuses it with"
            " weights_only=True; save the state dict as .safetensors"
        ) from error


def _named(found: Any, path: Path) -> "dict[str, Tensor]":
    from torch import Tensor

    if isinstance(found, dict) and isinstance(found.get("state_dict"), dict):
        found = found["state_dict"]
    if not isinstance(found, dict) or not found:
        raise StoreError(f"{path} holds no state dict")
    for name, tensor in found.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise StoreError(f"{path} holds more than a state dict: {name!r}")
    return found
