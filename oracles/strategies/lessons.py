"""What a filter with a memory learns from episodes: the supervised terms of eq. 2.

    loss = -beta1 E[ log p(guilty) ] + beta2 E[ |repaired - clean|^2 ]

Source: paper eq. 2.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from games.engine.play import Step
from oracles.learning.ppo import parameters_of
from oracles.strategies.config import SupervisedConfig
from oracles.strategies.task import Task

_BENT = 0.15  # mean norms; a message that is moved less is no lie


class Lesson(NamedTuple):
    """What one rollout teaches, leaves `[T,B,...]`."""

    inputs: Any  # what the policy's `unroll` reads
    guilty: Tensor  # [T,B,N] bool; has lied in this episode
    counted: Tensor  # [T,B,N] bool; lives
    clean: Tensor  # [T,B,N,D] what was meant
    mended: Tensor  # [T,B,N] bool; what a repair is compared with


@dataclass
class Objective:
    """The loss of a filter.

    Attributes:
      policy: the filter.
      task: the game.
      budget: the weights of the terms.
    """

    policy: Any
    task: Task
    budget: SupervisedConfig

    def parameters(self) -> list[nn.Parameter]:
        """Returns all that is trained."""
        return parameters_of([self.policy])

    def lesson(self, rollout: Step) -> Lesson:
        """Returns what a rollout teaches; it begins with an episode."""
        norm, alive = self.task.setting.team.message_norm, rollout.timestep.alive
        mended = alive & bent(rollout, norm) if self.budget.repairs == "bent" else alive
        inputs = self.policy.inputs(rollout)
        guilty = lied(rollout, norm)
        return Lesson(inputs, guilty, alive, rollout.wire.sent, mended)

    def loss(self, batch: Lesson) -> tuple[Tensor, dict[str, Tensor]]:
        """Returns the loss of some worlds of a lesson, and what it is made of."""
        now, stats = self.policy.unroll(batch.inputs), dict[str, Tensor]()
        losses = nn.functional.binary_cross_entropy_with_logits(
            now.logit, batch.guilty.float(), reduction="none"
        )
        loss = self.budget.beta1 * _mean(losses, batch.counted)
        if now.repaired.requires_grad:  # else nothing is learnt of it
            error = (now.repaired - batch.clean) / self.policy.std
            distance = _mean(error.square().mean(-1), batch.mended)
            loss = loss + self.budget.beta2 * distance
            stats["distance"] = distance.detach()
        return loss, stats


def bent(rollout: Step, norm: Tensor) -> Tensor:
    """Returns which messages were bent, `[T,B,N]` bool.

    Args:
      rollout: any steps.
      norm: the mean norm of a clean message.
    """
    wire = rollout.wire
    return (wire.tampered - wire.sent).norm(dim=-1) > _BENT * norm


def lied(rollout: Step, norm: Tensor) -> Tensor:
    """Returns who has bent a message in the episode by now, `[T,B,N]` bool.

    Args:
      rollout: steps that begin with an episode.
      norm: the mean norm of a clean message.
    """
    lies, fresh = bent(rollout, norm), rollout.timestep.fresh
    begins = fresh | rollout.done.roll(1, 0)[..., None]
    guilty, by_now = torch.zeros_like(lies[0]), []
    for now, begin in zip(lies, begins, strict=True):
        guilty = (guilty & ~begin) | now
        by_now.append(guilty)
    return torch.stack(by_now)


def _mean(losses: Tensor, counted: Tensor) -> Tensor:
    weight = counted.to(losses.dtype)
    return (losses * weight).sum() / weight.sum().clamp(min=1.0)
