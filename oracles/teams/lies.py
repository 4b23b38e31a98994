"""Lies in a team's training: who tells them, and how a rollout with them is unrolled.

A team that learns under lies plays with an attack on its channel. When it is unrolled
again to learn from it, forged messages say what they said then, and teach their senders
nothing; all others are spoken anew, with gradients.

Source: adversarial training (Madry et al. 2018), on messages between agents.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from games.engine.channel import Channel
from games.engine.strategy import Decision, Verdict
from games.engine.view import FilterView


class Lies(NamedTuple):
    """Who lies while a team trains: liars are drawn anew in each episode."""

    channel: Channel  # an attack, most often a mixture with nobody; no filter
    liars: int  # K


class Retold:
    """A filter that lets forged messages say again what they said in a rollout."""

    kind = "retold"
    memory_size = 0
    observes = False

    def __init__(self, forged: Tensor, tampered: Tensor) -> None:
        """Takes what was forged, `[B,N]` bool, and what left senders, `[B,N,D]`."""
        self._forged, self._tampered = forged, tampered

    def reset(self, done: Tensor, generator: torch.Generator) -> None:
        """Does nothing: nothing is drawn."""

    def decide(
        self, view: FilterView, memory: Tensor, generator: torch.Generator
    ) -> Verdict:
        """Replaces what was forged."""
        zeros = torch.zeros_like(view.messages[..., 0])
        flags = self._forged.to(zeros.dtype)
        decision = Decision(flags, zeros, zeros, self._forged)
        return Verdict(decision, self._tampered, memory)


def retelling(forged: Tensor, tampered: Tensor) -> Channel:
    """Returns the channel of one step that is unrolled again."""
    return Channel(filter_=Retold(forged, tampered))


def distrust_loss(logits: Any, forged: Tensor, links: Tensor) -> Tensor:
    """Returns the cross-entropy of what receivers believe of messages, `[]`.

    Args:
      logits: `[...,N,N]`, [j,i]: how likely j holds the message of i to be true.
      forged: `[...,N]` bool, by sender.
      links: `[...,N,N]` bool, who may hear whom; true and false messages count alike.
    """
    lies = forged[..., None, :].expand(links.shape)
    missed = torch.nn.functional.binary_cross_entropy_with_logits(
        logits, (~lies).to(logits.dtype), reduction="none"
    )
    loss = torch.zeros((), device=logits.device)
    for kind in (links & lies, links & ~lies):
        loss = loss + 0.5 * torch.where(kind, missed, 0.0).sum() / kind.sum().clamp(
            min=1
        )
    return loss
