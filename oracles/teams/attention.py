"""Guided attention: a loss that teaches a team whom to hear, before it knows why.

A team that attends to nobody in particular learns to drive deaf, and stays so: what it
would gain by listening it never sees. Who should be heard is known in training, from
the state; what he says, and what to do with it, is left to the team.
"""

import torch
from torch import Tensor, nn


def attention_loss(weights: Tensor, whom: Tensor, links: Tensor) -> Tensor:
    """Cross-entropy of attention to whom it should go.

        1/2 E[ -log a_j(i*) | i* is somebody ] + 1/2 E[ -log a_j(nobody) | nobody ]

    Mostly there is nobody to hear: each half counts alike.

    Args:
      weights: `[...,N,N+1]`, of receiver j on sender i, last on nobody; sum 1.
      whom: `[...,N]` long, i* of each receiver, N for nobody.
      links: `[...,N,N]` bool, [j,i]: who can be heard; others are not asked for, nor is
        anything asked of who hears nobody.

    Returns:
      `[]`.
    """
    num_agents = whom.shape[-1]
    heard = nn.functional.pad(links, (0, 1), value=True)
    possible = links.any(-1) & heard.gather(-1, whom[..., None]).squeeze(-1)
    missed = -weights.gather(-1, whom[..., None]).squeeze(-1).clamp(min=1e-9).log()
    loss = torch.zeros((), device=weights.device)
    for kind in (whom < num_agents, whom == num_agents):
        counted = possible & kind
        mean = torch.where(counted, missed, 0.0).sum() / counted.sum().clamp(min=1)
        loss = loss + 0.5 * mean
    return loss
