"""Measures what a filter believes: by step of the episode, of liars and of others."""

import math
from typing import Any, NamedTuple

from torch import Tensor
from torch.nn.functional import one_hot

from games.engine.play import Step
from oracles.strategies.lessons import lied
from psro_comm.metagame.defence import FALSE_ALARMS
from psro_comm.studies.detector import auroc, roc


class Belief(NamedTuple):
    """What a filter believed of each living sender, `[T,B,N]`, in the first episodes.

    `counted` says where a sender speaks; the rest means nothing elsewhere.
    """

    suspicion: Tensor
    flagged: Tensor  # bool
    lied: Tensor  # bool; has bent a message by now
    liar: Tensor  # bool; is malicious
    counted: Tensor  # bool

    @classmethod
    def of(cls, steps: Step, norm: Tensor) -> "Belief":
        """Returns it of steps that begin with an episode.

        Args:
          steps: `[T,B,...]`, of which those after the first episode do not count.
          norm: the mean norm of a clean message.
        """
        defence, alive = steps.wire.defence, steps.timestep.alive
        held = one_hot(steps.carry.malicious, alive.shape[-1]).sum(-2) > 0
        ended = steps.done.long()
        over = ended.cumsum(0) > ended
        flagged = defence.active & (defence.choice > 0)
        counted = alive & ~over[..., None]
        return cls(defence.suspicion(), flagged, lied(steps, norm), held, counted)

    def told(self) -> dict[str, Any]:
        """Returns the fields of `Met` that it decides."""
        score, guilty = self.suspicion[self.counted], self.lied[self.counted]
        flagged = self.flagged[self.counted]
        return {
            "auroc": _number(auroc(score, guilty)),
            "found": _mean(flagged[guilty]),
            "alarms": _mean(flagged[~guilty]),
            "roc": roc(score, guilty, FALSE_ALARMS),
            "liar": self._by_step(self.liar),
            "honest": self._by_step(~self.liar),
        }

    def _by_step(self, who: Tensor) -> list[float | None]:
        """Returns the mean suspicion of some senders at each step."""
        heard = self.counted & who
        return [_mean(row[own]) for row, own in zip(self.suspicion, heard, strict=True)]


def _mean(values: Tensor) -> float | None:
    return _number(float(values.double().mean()))


def _number(value: float) -> float | None:
    """Returns a number; None for what does not exist, for JSON has no NaN."""
    return None if math.isnan(value) else value
