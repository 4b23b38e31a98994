"""Guided attention: a loss that teaches receivers which sender to attend to.

A team that attends to no sender in particular learns to act without messages, and stays
so, as it never sees what it would gain by listening. In training the state tells whom
to hear; what to say, and what to do with it, is left to the team.
"""

import torch
from torch import Tensor, nn


def attention_loss(weights: Tensor, whom: Tensor, links: Tensor) -> Tensor:
    """Returns the cross-entropy between attention and the sender to attend to.

        1/2 E[ -log a_j(i*) | i* is somebody ] + 1/2 E[ -log a_j(nobody) | nobody ]

    Mostly there is nobody to hear, so each half counts alike.

    Args:
      weights: `[...,N,N+1]`, attention of receiver j to sender i, last to nobody; the
        sum is 1.
      whom: `[...,N]` long, i* of each receiver, N for nobody.
      links: `[...,N,N]` bool, [j,i]: whether j can hear i; the loss leaves out senders
        that cannot be heard, and receivers that hear nobody.

    Returns:
      The loss, `[]`.
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
