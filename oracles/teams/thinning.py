"""Takes messages away while a team trains: message dropout, and random subsets.

A team that has learnt with fewer messages does with less of each; one that is to act on
subsets of k must have seen such subsets. Whole messages go, for each receiver apart.

Source: Kim et al. 2019 (message dropout); Sun et al. 2023 (AME), section 4.1.
"""

import torch
from torch import Tensor

from games.engine.play import Thin


def thinning(team: object, dropout: float) -> Thin | None:
    """Returns what takes links away in a team's training; None where nothing does.

    Args:
      team: the backbone; an ensemble hears random subsets of its size.
      dropout: the probability that a message does not reach a receiver.
    """
    size = getattr(getattr(team, "config", None), "ensemble", 0)
    if not size and not dropout:
        return None

    def thin(links: Tensor, generator: torch.Generator) -> Tensor:
        luck = torch.rand(links.shape, generator=generator, device=links.device)
        if dropout:
            links = links & (luck >= dropout)
            luck = (luck - dropout) / (1.0 - dropout)  # uniform for what is left
        if size:
            luck = luck.masked_fill(~links, -1.0)
            links = links & (luck.argsort(-1, descending=True).argsort(-1) < size)
        return links

    return thin
