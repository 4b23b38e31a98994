"""Reads spaces of Gymnasium by what they have, so that it need not be installed."""

from collections.abc import Mapping
from typing import Any

import numpy as np

_MASK = "action_mask"


def size_of(space: Any) -> int:
    """Returns how many numbers an observation of a space becomes.

    Raises:
      ValueError: a space that is neither numbers nor composed of such.
    """
    parts = _parts(space)
    if parts is not None:
        return sum(size_of(part) for name, part in parts if name != _MASK)
    if hasattr(space, "n") and not getattr(space, "shape", None):
        return int(space.n)  # one of n: one-hot
    shape = getattr(space, "shape", None)
    if shape is None or not hasattr(space, "dtype"):
        raise ValueError(
            f"observations are {type(space).__name__}, must be Box, Discrete,"
            " MultiDiscrete, MultiBinary, or a Dict or Tuple of these"
        )
    return int(np.prod(shape, dtype=np.int64))


def flattened(space: Any, seen: Any) -> np.ndarray:
    """Returns an observation as numbers, float32 `[size_of(space)]`; without a mask."""
    parts = _parts(space)
    if parts is not None:
        kept = [flattened(p, seen[name]) for name, p in parts if name != _MASK]
        return np.concatenate(kept) if kept else np.zeros(0, np.float32)
    if hasattr(space, "n") and not getattr(space, "shape", None):
        found = np.zeros(int(space.n), np.float32)
        found[int(seen) - int(getattr(space, "start", 0))] = 1.0
        return found
    return np.asarray(seen, np.float32).reshape(-1)


def actions_of(space: Any) -> int:
    """Returns the number of actions.

    Raises:
      ValueError: they are not one of n.
    """
    if not hasattr(space, "n") or getattr(space, "shape", None):
        raise ValueError(f"actions are {type(space).__name__}, must be Discrete")
    return int(space.n)


def mask_in(seen: Any, info: Any) -> np.ndarray | None:
    """Returns which actions are available, `[A]` bool; None where nothing says it."""
    for found in (seen, info):
        if isinstance(found, Mapping) and found.get(_MASK) is not None:
            return np.asarray(found[_MASK]).astype(bool)
    return None


def _parts(space: Any) -> list[tuple[Any, Any]] | None:
    inner = getattr(space, "spaces", None)
    if inner is None:
        return None
    return list(inner.items() if isinstance(inner, Mapping) else enumerate(inner))
