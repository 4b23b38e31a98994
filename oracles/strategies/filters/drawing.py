"""Flags that are drawn, for a training by returns: coins, of which K at most are heads.

    p(x) = exp(sum_i x_i l_i) / sum over all y of at most K flags of exp(sum_i y_i l_i)

l_i is how far the logit of a sender's lying is above the filter's threshold. The
likeliest x is what the filter flags in play: who is above it, and among the K highest.
"""

from typing import Any

import torch
from torch import Tensor, nn

from games.engine.strategy import Verdict
from games.engine.view import FilterView

_NEVER = -1e9  # the log-odds of who may not be flagged, finite for gradients' sake


class Drawn:
    """A filter as it is, but for its flags: they are drawn, in training alone.

    Its decisions' log-probabilities are the filter's beliefs, as in play; those of the
    flags are `flags_log_prob`.
    """

    def __init__(self, filter_: Any) -> None:
        """Takes a filter with `answer`, a threshold and `num_malicious`."""
        self.filter_ = filter_
        self.kind, self.observes = filter_.kind, filter_.observes
        self.memory_size = filter_.memory_size

    def reset(self, done: Tensor, generator: torch.Generator) -> None:
        """Resets the filter."""
        self.filter_.reset(done, generator)

    def decide(
        self, view: FilterView, memory: Tensor, generator: torch.Generator
    ) -> Verdict:
        """Answers as the filter does, with flags that are drawn."""

        def flags(logit: Tensor, alive: Tensor) -> Tensor:
            odds = odds_of(self.filter_, logit, alive)
            return draw_flags(odds, self.filter_.num_malicious, generator)

        return self.filter_.answer(view, memory, flags)


def odds_of(filter_: Any, logit: Tensor, alive: Tensor) -> Tensor:
    """Returns the log-odds l of each sender's own coin, `[...,N]`; the dead have none.

    Args:
      filter_: has the threshold.
      logit: `[...,N]`, the filter's, of having lied.
      alive: `[...,N]` bool.
    """
    return (logit - filter_.config.threshold).masked_fill(~alive, _NEVER)


def draw_flags(odds: Tensor, most: int, generator: torch.Generator) -> Tensor:
    """Returns flags `[...,N]` in {0., 1.}, of which at most `most` are 1.

    Args:
      odds: `[...,N]`, the log-odds of each sender's own coin.
      most: K.
      generator: the policies' randomness.
    """
    uniform = torch.rand(odds.shape, generator=generator, device=odds.device)
    sums = _sums(odds, most)
    left = torch.full_like(odds[..., :1], most, dtype=torch.long)
    flags = []
    # Sender by sender: passed over with the weight of all that can still follow.
    for chance, here, after in zip(uniform.unbind(-1), sums, sums[1:], strict=False):
        passed = (after.gather(-1, left) - here.gather(-1, left)).exp()
        flag = chance[..., None] >= passed
        left = left - flag.long()
        flags.append(flag)
    return torch.cat(flags, -1).to(odds.dtype)


def flags_log_prob(odds: Tensor, flag: Tensor, most: int) -> Tensor:
    """Returns the log-probability of all flags of a step together, `[...]`.

    Args:
      odds: `[...,N]`, as in `draw_flags`.
      flag: `[...,N]` in {0., 1.}.
      most: K.
    """
    return (flag * odds).sum(-1) - _sums(odds, most)[0][..., most]


def _sums(odds: Tensor, most: int) -> list[Tensor]:
    """Returns the log of the summed weights of all flags of senders i, i+1, ...

    The list is over i = 0 to N; each entry is `[...,K+1]`, by how many may be flagged.
    """
    rest = torch.zeros_like(odds[..., :1].expand(*odds.shape[:-1], most + 1))
    found = [rest]
    for own in odds.flip(-1).unbind(-1):
        fewer = nn.functional.pad(rest[..., :-1], (1, 0), value=_NEVER)
        rest = torch.logaddexp(rest, own[..., None] + fewer)
        found.append(rest)
    return found[::-1]
