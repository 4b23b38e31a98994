"""The gate: what is further from a sender's mean than it ever spoke stops by itself.

A network says nothing sensible of what it never met, and so an attacker goes there. All
it can gain is to be seen at the gate, where the network has learnt.
"""

import torch
from torch import Tensor

_SURE = 4.0  # the logit of one just beyond the gate
_STEEP, _MOST = 4.0, 2.0  # how it rises with each gate beyond, and up to where


def length(standard: Tensor) -> Tensor:
    """Returns the root mean square of standardised messages `[...,D]`, `[...]`."""
    return (standard.square().mean(-1) + 1e-12).sqrt()


def cut(standard: Tensor, gate: Tensor) -> tuple[Tensor, Tensor]:
    """Shortens messages to the gate, so that as much of one is seen as is inside.

    Args:
      standard: `[...,N,D]`, in their senders' deviations.
      gate: `[N]`, the greatest `length` that passes.

    Returns:
      The messages, and by how many gates each was too long, `[...,N]`; below 0 if it
      was not.
    """
    beyond = length(standard) / gate - 1.0
    return standard / (1.0 + beyond.relu())[..., None], beyond


def sure(logit: Tensor, beyond: Tensor) -> Tensor:
    """Returns logits of lying that are high beyond the gate, whatever a network says.

    They go on to rise, so that an attack that follows slopes finds the way back.
    """
    least = _SURE + _STEEP * beyond.clamp(0.0, _MOST)
    return torch.where(beyond > 0.0, torch.maximum(logit, least), logit)
