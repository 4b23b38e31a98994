"""Imitation: a team learns from a full-information teacher on its own rollouts.

The team plays, the teacher names the actions that it would have taken there, and the
team learns to take the same (cross-entropy). The teacher also acts in some worlds at
first, so that the team sees where good play leads, and less and less later, so that it
learns to correct its own mistakes. What the teacher knows and an agent does not see can
only come through messages: this is what makes the team talk.

Source: Ross, Gordon, Bagnell 2011 (DAgger); that it is needed, RECIPES 2: PPO alone
stops at the level of a team that never talks.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from games.engine.env import TimeStep
from games.engine.play import Overrule
from games.engine.tree import map_tensors
from oracles.teams.teachers import Teacher

NO_LABEL = -1


@dataclass
class Imitation:
    """The first phase of a training, which imitates a teacher.

    Attributes:
      teacher: the teacher that is imitated.
      updates: the length of the phase, in updates.
      start_prob: how often the teacher acts at the start; 0 from the middle on.
      update: the number of the present update, set by the training loop.
    """

    teacher: Teacher
    updates: int
    start_prob: float
    update: int = 0

    @property
    def active(self) -> bool:
        """Returns whether the phase still lasts."""
        return self.update < self.updates

    @property
    def chance(self) -> float:
        """Returns the probability that the teacher acts in a world at a step."""
        return max(0.0, self.start_prob * (1.0 - 2.0 * self.update / self.updates))

    def overrule(self, generator: torch.Generator) -> Overrule:
        """Makes a function that lets the teacher act at random, for all of a world.

        Args:
          generator: draws the worlds where it acts.

        Returns:
          The `overrule` of `games.engine.play.Stream.play`.
        """

        def acts(timestep: TimeStep, action: Tensor) -> Tensor:
            if not (self.active and self.chance > 0.0):
                return action
            uniform = torch.rand(
                action.shape[0], 1, generator=generator, device=action.device
            )
            return torch.where(uniform < self.chance, self.teacher(timestep), action)

        return acts

    def label(self, timestep: TimeStep) -> Tensor:
        """Returns the teacher's actions `[T,B,N]` long in `timestep` [T,B,...]."""
        flat = map_tensors(lambda leaf: leaf.flatten(0, 1), timestep)
        return self.teacher(flat).view(timestep.alive.shape)
