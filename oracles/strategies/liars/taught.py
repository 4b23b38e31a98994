"""Liars that are taught by gradients beside the filter that learns from them.

No lie that is drawn or bred has followed the slope of a filter's belief down to where
it believes all. These do, at each step that they lie in, by the filter as it is now: so
it learns where it was blind, and not from one attack after the other.

Source: adversarial training (Madry et al., 2018), of lies that last an episode.
"""

import copy
from collections.abc import Mapping
from typing import Any, Self

import torch

from games.engine.population import members
from oracles.learning.randomness import draw_seed
from oracles.strategies.attacks.config import NetworkConfig
from oracles.strategies.config import GuidedConfig
from oracles.strategies.guided.network import NetworkAttack
from oracles.strategies.guided.teaching import Pupil
from oracles.strategies.guided.value import Advantages, learn_advantages
from oracles.strategies.task import Task

_FOUND_OUT, _PATIENCE = 0.0, 6  # the mean logit of one who is; and for how many updates
RADII = (None, 2.0, 1.0, 0.5)  # mean norms that a lie of each is long at most
_WORLDS, _SHARE = 200, 0.1  # of clean play, in which the worth of actions is learnt


class Taught:
    """A few networks, `NetworkAttack`, that lie as far as they may, each a bit less.

    One that does not find back to where it is believed starts anew.
    """

    def __init__(
        self, task: Task, advantages: Advantages, known: Mapping[float | None, Any]
    ) -> None:
        """Makes the liars; see `after`."""
        self.task, self.advantages = task, advantages
        self.pupils = [self._pupil(radius, known.get(radius)) for radius in RADII]
        self.in_vain = [0] * len(RADII)  # updates for which each has been found out

    @classmethod
    def after(cls, task: Task, env_steps: int) -> tuple[Self, int]:
        """Begins with the last of each reach among a filter's opponents, if there are.

        Args:
          task: the filter's, whose liars know all there is to know.
          env_steps: of the filter's training; at most a tenth is played beforehand.

        Returns:
          The liars, and the steps that were played before they could learn.
        """
        count = task.setting.threat.num_malicious
        known = {
            each.config.radius: each
            for each in members(task.opponent)
            if isinstance(each, NetworkAttack) and each.threat.num_malicious == count
        }
        most = int(_SHARE * env_steps) // task.setting.env.spec.episode_limit
        advantages, steps = learn_advantages(task, max(3, min(_WORLDS, most)))
        return cls(task, advantages, known), steps

    def renew(self) -> dict[str, float]:
        """Starts those anew that were found out; returns what they did, on average."""
        sums = torch.zeros(2)
        learnt = [p for p, pupil in enumerate(self.pupils) if pupil.has_learnt]
        for place in learnt:
            told = self.pupils[place].told()
            sums += torch.tensor([told["attack/harm"], told["attack/logit"]])
            known = told["attack/logit"] > _FOUND_OUT
            self.in_vain[place] = (self.in_vain[place] + 1) * known
            if self.in_vain[place] == _PATIENCE:
                self.pupils[place] = self._pupil(RADII[place])
                self.in_vain[place] = 0
        harm, logit = (sums / max(1, len(learnt))).tolist()
        return {"filter/taught_harm": harm, "filter/taught_logit": logit}

    def _pupil(self, radius: float | None, known: Any = None) -> Pupil:
        setting = self.task.setting
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(draw_seed(self.task.generators.policy))
            own = NetworkAttack.new(setting, NetworkConfig(radius=radius))
        policy = copy.deepcopy(known or own).to(setting.env.device)
        policy.requires_grad_(True)  # those that are known are frozen
        return Pupil(policy, self.advantages, GuidedConfig())
