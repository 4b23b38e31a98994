"""What a filter with a memory learns from whole episodes: the three terms of eq. 2.

    loss = -beta1 E[ log p(guilty) ] + beta2 E[ |repaired - clean|^2 ] + ppo_coef L_PPO

Source: paper eq. 2; there the filter's returns are the whole, here they are an option.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from games.engine.play import Step
from oracles.learning.config import PPOConfig
from oracles.learning.ppo import Evaluation, Experience, gae, parameters_of, ppo_loss
from oracles.learning.randomness import draw_seed
from oracles.strategies.config import SupervisedConfig
from oracles.strategies.critic import Critic, elapsed_steps
from oracles.strategies.filters.drawing import Drawn, flags_log_prob, odds_of
from oracles.strategies.task import Task

_BENT = 0.15  # mean norms; a message that is moved less is no lie
_PPO = PPOConfig()
_CRITIC_HIDDEN = 128


class Lesson(NamedTuple):
    """What one rollout teaches, leaves `[T,B,...]`."""

    inputs: Any  # what the policy's `unroll` reads
    guilty: Tensor  # [T,B,N] bool; has lied in this episode
    counted: Tensor  # [T,B,N] bool; lives
    clean: Tensor  # [T,B,N,D] what was meant
    mended: Tensor  # [T,B,N] bool; what a repair is compared with
    past: Any  # `Experience` [T-1,B,1], its inputs `_Drawing`; () without PPO


class _Drawing(NamedTuple):
    """What the log-probabilities of flags are of, and what the critic sees."""

    flag: Tensor  # [T-1,B,N] in {0., 1.}
    alive: Tensor  # [T-1,B,N] bool
    seen: Tensor  # [T-1,B,K,F]


@dataclass
class Objective:
    """The loss of a filter, and the critic that trains beside it, if PPO is asked for.

    Attributes:
      policy: the filter.
      task: the game.
      budget: the weights of the terms.
      critic: estimates the team's return; None if nothing is learnt from returns.
    """

    policy: Any
    task: Task
    budget: SupervisedConfig
    critic: Critic | None = None

    @classmethod
    def of(cls, policy: Any, task: Task, budget: SupervisedConfig) -> "Objective":
        """Makes the critic, with weights of its own seed; without PPO draws nothing."""
        if not budget.ppo_coef:
            return cls(policy, task, budget)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(draw_seed(task.generators.policy))
            critic = Critic(task.setting, _CRITIC_HIDDEN)
        return cls(policy, task, budget, critic.to(task.setting.env.device))

    def parameters(self) -> list[nn.Parameter]:
        """Returns all that is trained."""
        return parameters_of(m for m in (self.policy, self.critic) if m is not None)

    def player(self) -> Any:
        """Returns the filter as it plays to learn: with PPO its flags are drawn."""
        return self.policy if self.critic is None else Drawn(self.policy)

    def lesson(self, rollout: Step) -> Lesson:
        """Returns what a rollout teaches; it begins with an episode."""
        norm, alive = self.task.setting.team.message_norm, rollout.timestep.alive
        mended = alive & bent(rollout, norm) if self.budget.repairs == "bent" else alive
        inputs = self.policy.inputs(rollout)
        past: Any = ()
        if self.critic is not None:
            past = self._experience(rollout, inputs)
        guilty = lied(rollout, norm)
        return Lesson(inputs, guilty, alive, rollout.wire.sent, mended, past)

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
        if self.critic is not None:
            evaluation = self._evaluation(now.logit[:-1], batch.past.inputs)
            surrogate, stats_ = ppo_loss(evaluation, batch.past, _PPO, 0.0)
            loss = loss + self.budget.ppo_coef * surrogate
            stats |= {name: stats_[name] for name in _TOLD}
        return loss, stats

    def _evaluation(self, logit: Tensor, drawing: _Drawing) -> Evaluation:
        """Returns the log-probabilities of past flags, and the critic's values."""
        assert self.critic is not None
        odds = odds_of(self.policy, logit, drawing.alive)
        log_prob = flags_log_prob(odds, drawing.flag, self.policy.num_malicious)
        # The critic has a value beside each malicious agent; the team has one return.
        value = self.critic(drawing.seen).mean(-1, keepdim=True)
        zero = torch.zeros_like(value)
        return Evaluation(log_prob[..., None], zero, value, zero.sum())

    @torch.no_grad()
    def _experience(self, rollout: Step, inputs: Any) -> Experience:
        """Returns the flags with advantages; the last step bootstraps."""
        assert self.critic is not None
        elapsed = elapsed_steps(torch.zeros_like(rollout.reward[0]), rollout.done)
        flag, alive = rollout.wire.defence.choice, rollout.timestep.alive
        drawing = _Drawing(flag, alive, self.critic.seen(rollout, elapsed))
        then = self._evaluation(self.policy.unroll(inputs).logit, drawing)
        reward, done = rollout.reward[..., None], rollout.done[..., None]
        value, log_prob = then.value, then.log_prob[:-1]
        advantage, target = gae(
            *(reward[:-1], value[:-1], value[-1], done[:-1]),
            *(_PPO.gamma, _PPO.gae_lambda),
        )
        ones, past = torch.ones_like(target), _Drawing(*(leaf[:-1] for leaf in drawing))
        return Experience(past, log_prob, value[:-1], advantage, target, ones, ones)


_TOLD = "policy_loss", "value_loss", "approx_kl", "clip_fraction"


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
