"""The oracle that teaches a lie by gradients: through the filter, and through the team.

    maximise over f:  E[ heard harm - evasion relu(logit + margin) ]
    harm = sum over benign j of  KL_j - w E_{a ~ pi_j(. | heard)} A_j(s, a)
    heard = 1 - sigmoid(logit + 1)

What listeners would do has a slope in what they hear, and what that does to the return
is learnt beforehand (`value.py`). So has the filter's belief. A lie that is not heard
does no harm: else one who is found out, whom no slope leads back, says ever worse.
"""

import time
from typing import Any

import torch
from torch import Tensor

from games.engine.channel import project
from games.engine.play import Stream
from games.engine.strategy import Forgery
from games.engine.view import AttackView, FilterView, scatter_agents
from oracles.learning.meter import pace
from oracles.learning.ppo import set_learning_rate
from oracles.learning.randomness import Log
from oracles.strategies.config import GuidedConfig
from oracles.strategies.guided.value import Advantages, learn_advantages
from oracles.strategies.setting import malicious_agents
from oracles.strategies.task import Task

_KL = 0.3  # its weight in the harm
_MOST_KL, _MOST_LOGIT = 5.0, 20.0
_FLAGGED = -1.0  # the logit of a lie that every second time is not heard
_SHARE = 0.45  # of the steps, in which advantages are learnt


def teach(policy: Any, task: Task, budget: GuidedConfig, log: Log | None) -> None:
    """Teaches an attack in place by gradients: `ORACLES["guided"]`.

    Each step of B worlds is an update: the channel is as it will be, and the attack is
    moved up the slope of the harm of what it says, less the price of being believed to
    lie. It must be shown all in training; playing, it needs its own view alone.

    Args:
      policy: an attack whose `offset` has a slope, such as `NetworkAttack`.
      task: the game, and the filter or mixture of filters that it will meet.
      budget: environment steps, those included in which advantages are learnt.
      log: receives one line of metrics for each episode's length.
    """
    limit = task.setting.env.spec.episode_limit
    worlds = max(3, int(_SHARE * budget.env_steps) // limit)
    advantages, played = learn_advantages(task, worlds)
    pupil = Pupil(policy, advantages, budget)
    setting, generators = task.setting, task.generators
    stream = Stream(
        *(setting.env, setting.team, setting.channel(pupil, task.opponent)),
        malicious=malicious_agents(setting, budget.num_envs, generators.policy),
        world_generator=generators.world,
        generator=generators.policy,
        redraw_malicious=setting.malicious is None,
        log_probs=False,
    )
    steps, started, update = stream.play(), time.monotonic(), 0
    cost, first = budget.num_envs * limit, played
    while update == 0 or played + cost <= budget.env_steps:
        progress = (played - first) / max(1, budget.env_steps - first)
        rate = budget.learning_rate * max(0.1, 1.0 - progress)
        set_learning_rate(pupil.optimizer, rate)
        rewards = [next(steps).reward for _ in range(limit)]
        update, played = update + 1, played + cost
        if log is not None:
            log(
                {
                    **pace(update, played, started),
                    "team/return_mean": float(torch.stack(rewards).sum(0).mean()),
                    **pupil.told(),
                }
            )


class Pupil:
    """An attack that learns at each step from what it says.

    Attributes:
      policy: what learns.
    """

    kind = "pupil"
    knowledge = "white_box"

    def __init__(
        self, policy: Any, advantages: Advantages, budget: GuidedConfig
    ) -> None:
        self.policy, self.advantages, self.budget = policy, advantages, budget
        self.memory_size = policy.memory_size
        self.optimizer = torch.optim.Adam(policy.parameters(), budget.learning_rate)
        self._seen: list[Tensor] = []

    def reset(self, done: Tensor, generator: torch.Generator) -> None:
        """Tells the attack which episodes start anew."""
        self.policy.reset(done, generator)

    def decide(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> Forgery:
        """Learns from what the attack would say, and says it."""
        with torch.enable_grad():
            offset, _ = self.policy.offset(view, memory, generator)
            offset = torch.where(view.alive[..., None], offset, 0.0)
            harm, logit = self._judged(view, offset, generator)
            heard = torch.sigmoid(_FLAGGED - logit)
            price = self.budget.evasion * (logit + self.budget.margin).relu()
            self._step((price - heard * harm).mean())
        self._seen.append(torch.stack([harm.mean(), logit.mean()]).detach())
        with torch.no_grad():
            return self.policy.decide(view, memory, generator)

    @property
    def has_learnt(self) -> bool:
        """Returns whether it has, since it was asked last what it learnt from."""
        return bool(self._seen)

    def told(self) -> dict[str, float]:
        """Returns what it learnt from since it was asked last, on average."""
        harm, logit = torch.stack(self._seen).mean(0).tolist()
        self._seen = []
        return {"attack/harm": harm, "attack/logit": logit}

    def _step(self, loss: Tensor) -> None:
        """Follows the slope of its own weights: a filter may learn beside it."""
        weights = [*self.policy.parameters()]
        if not loss.requires_grad:  # a team or a filter of somebody else's has no slope
            return
        slopes = torch.autograd.grad(loss, weights, allow_unused=True)
        for weight, slope in zip(weights, slopes, strict=True):
            weight.grad = slope
        torch.nn.utils.clip_grad_norm_(weights, 5.0)
        self.optimizer.step()

    def _judged(
        self, view: AttackView, offset: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Returns the harm of a lie if it is heard, and the belief's logit, `[B]`."""
        box = view.white_box
        assert box is not None, "the channel has checked the knowledge"
        moment, timestep = box.moment, box.moment.timestep
        count = moment.sent.shape[1]
        said = moment.sent + scatter_agents(offset, moment.malicious, count)
        if self.policy.threat.cap is not None:  # as the channel will
            most = self.policy.threat.cap * moment.team.message_norm
            said = project(said, moment.sent, most)
        seen = timestep.obs if box.filter_.observes else None
        shown = FilterView(
            *(said, timestep.alive, timestep.fresh, timestep.links, seen)
        )
        decision = box.filter_.decide(shown, box.filter_memory, generator).decision
        believed = _logit(decision).gather(1, moment.malicious).amax(1)
        clean, lied = self._acts(moment, moment.sent), self._acts(moment, said)
        apart = torch.where(clean.isfinite(), clean.exp() * (clean - lied), 0.0).sum(-1)
        lied = torch.where(lied.isfinite(), lied.exp(), 0.0)
        worth = (lied * self.advantages(timestep.state)).sum(-1)
        benign = timestep.alive.scatter(1, moment.malicious, False)
        harm = _KL * apart.clamp(max=_MOST_KL) - self.budget.foresight * worth
        return (harm * benign).sum(1), believed

    @staticmethod
    def _acts(moment: Any, said: Tensor) -> Tensor:
        """Returns log-probabilities of actions after what is said, `[B,N,A]`."""
        team, timestep = moment.team, moment.timestep
        m_in = team.listen(timestep.obs, moment.memory, said, timestep.links)
        thought = team.think(timestep.obs, m_in, moment.memory)
        return team.act(thought, timestep.available).log_softmax(-1)


def _logit(decision: Any) -> Tensor:
    """Returns the logit of each sender's being flagged, `[B,N]`; flat where certain."""
    log_prob = decision.log_prob.clamp(max=-1e-6)
    other = torch.log(-torch.expm1(log_prob))
    odds = torch.where(decision.choice > 0, log_prob - other, other - log_prob)
    return odds.nan_to_num(0.0).clamp(-_MOST_LOGIT, _MOST_LOGIT)
