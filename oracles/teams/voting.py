"""Votes of subsets of messages: their count, and when no liar can turn it.

For one agent, n_a counts the subsets that vote for action a. A set L of liars touches
the subsets that a message of L reaches; whatever they say, the others vote as before:

    L cannot turn a*   if   n_a*(untouched) - n_a(untouched) > touched,   all a != a*

which is exact as long as nothing is known of what a lie can make of a touched vote, and
sound in any case. A tie counts as turned.

Source: Sun et al. 2023 (AME), definition 4.1 and theorem 4.3; exact for each decision.
"""

from itertools import combinations

import torch
from torch import Tensor


def counted(masks: Tensor, links: Tensor, size: int) -> Tensor:
    """Returns which subsets count for each receiver, `[B,N,S]` bool.

    Args:
      masks: `[S,N,N]` bool, [s,j,i]: whether i is in subset s of receiver j.
      links: `[B,N,N]` bool, [b,j,i]: whether j may hear i.
      size: k, the number of senders in a subset.
    """
    others = masks.to(torch.float32).permute(1, 2, 0)  # [N,N,S], by receiver
    heard = torch.einsum("bji,jis->bjs", links.to(torch.float32), others)
    most = links.sum(-1, keepdim=True).clamp(max=size)
    return heard.round().long() == most


def tally(scores: Tensor, counting: Tensor) -> Tensor:
    """Returns the number of votes for each action, `[...,A]`.

    What is less than one vote is half of the mean probability: it parts actions with
    equally many votes, and gives the count a slope.

    Args:
      scores: `[...,S,A]` by subset, -inf where an action is unavailable.
      counting: `[...,S]` bool; at least one subset counts.
    """
    weight = counting[..., None].to(scores.dtype)
    ballots = torch.nn.functional.one_hot(scores.argmax(-1), scores.shape[-1])
    likely = (scores.softmax(-1) * weight).sum(-2) / weight.sum(-2)
    return (ballots * weight).sum(-2) + 0.5 * likely


def certified(
    scores: Tensor,
    counting: Tensor,
    masks: Tensor,
    links: Tensor,
    liars: Tensor,
) -> Tensor:
    """Returns whether no choice of liars can turn a decision, `[B,N]` bool.

    Args:
      scores: `[B,N,S,A]` by subset, -inf where an action is unavailable.
      counting: `[B,N,S]` bool, the subsets that count.
      masks: `[S,N,N]` bool, as in `counted`.
      links: `[B,N,N]` bool.
      liars: `[L,N]` bool, the choices of liars; or `[B,L,N]`, for each world its own.
    """
    lying = liars if liars.dim() == 3 else liars.expand(len(links), -1, -1)
    count = scores.shape[-1]
    ballots = torch.nn.functional.one_hot(scores.argmax(-1), count)
    ballots = ballots * counting[..., None]
    best = tally(scores, counting).argmax(-1, keepdim=True)  # [B,N,1]
    others = torch.isfinite(scores[:, :, 0]).scatter(-1, best, False)  # [B,N,A]
    safe = torch.ones_like(counting[..., 0])
    for each in lying.unbind(1):  # [B,N]
        reached = links & each[:, None, :]  # [B,N,N] messages that may be lies
        touching = torch.einsum("bji,sji->bjs", reached.float(), masks.float()) > 0
        touched = (touching & counting).sum(-1)
        left = (ballots * ~touching[..., None]).sum(-2)  # [B,N,A]
        most = left.gather(-1, best).squeeze(-1)
        rival = left.masked_fill(~others, -1).amax(-1)
        alone = ~others.any(-1)  # an agent with one action takes it
        safe = safe & (alone | (most - rival > touched))
    return safe


def choices(num_agents: int, count: int) -> Tensor:
    """Returns all choices of C liars among N agents, `[L,N]` bool."""
    found = torch.zeros(0, num_agents, dtype=torch.bool)
    for chosen in combinations(range(num_agents), count):
        row = torch.zeros(1, num_agents, dtype=torch.bool)
        row[0, list(chosen)] = True
        found = torch.cat([found, row])
    return found
