"""Maps over nested NamedTuples of tensors, the only containers of the hot path."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor


def map_tensors(function: Callable[..., Tensor], tree: Any, *others: Any) -> Any:
    """Applies `function` to the matching leaves of trees of one shape.

    Args:
      function: takes one tensor per tree.
      tree: a tensor or an arbitrarily nested NamedTuple of tensors.
      *others: further trees of the same structure.

    Returns:
      A tree of the same structure.
    """
    if isinstance(tree, Tensor):
        return function(tree, *others)
    return type(tree)(
        *(map_tensors(function, *leaves) for leaves in zip(tree, *others, strict=True))
    )


def leaves(tree: Any) -> list[Tensor]:
    """Returns the tensors of a tree, in order."""
    if isinstance(tree, Tensor):
        return [tree]
    return [leaf for part in tree for leaf in leaves(part)]


def concat(trees: Sequence[Any]) -> Any:
    """Joins trees along their leading axis."""
    return map_tensors(lambda *leaves: torch.cat(leaves), *trees)


def stack(trees: Sequence[Any]) -> Any:
    """Stacks trees along a new leading (time) axis."""
    return map_tensors(lambda *leaves: torch.stack(leaves), *trees)
