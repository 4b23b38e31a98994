"""The learner of PPO teams: the loss under present weights, and a critic.

The team is re-unrolled through `communicate` with gradients, so messages are learned by
what their listeners do with them. The critic sees the state, only in training.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from games.engine.env import CommEnv, TimeStep
from games.engine.play import Step, log_prob_of
from games.engine.team import Carry, communicate
from games.engine.tree import map_tensors
from oracles.learning.config import PPOConfig
from oracles.learning.nets import mlp
from oracles.learning.ppo import Evaluation, Experience, gae, parameters_of
from oracles.teams import resume_points
from oracles.teams.attention import attention_loss
from oracles.teams.config import CreditConfig
from oracles.teams.entropy import Steering
from oracles.teams.imitation import NO_LABEL
from oracles.teams.lies import distrust_loss, retelling
from oracles.teams.teachers import Guide


class TeamInputs(NamedTuple):
    """The parts of a rollout that re-unrolling a team needs."""

    carry: Carry  # [1,B,...] before the first step
    timestep: TimeStep  # [T,B,...]
    action: Tensor  # [T,B,N] long
    label: Tensor  # [T,B,N] long; the teacher's action, NO_LABEL where there is none
    whom: Tensor  # [T,B,N] long; whom to hear, if there is a guide
    judged: Tensor  # [T,B,S] or [T,B,N,F]: what the critic sees
    forged: Tensor  # [T,B,N] bool
    tampered: Tensor  # [T,B,N,D]; what left the senders


class TeamLearner:
    """A team in training, its critic and their optimiser.

    Attributes:
      team: the backbone, an `nn.Module` that implements `games.engine.team.Team`.
      critic: maps what it sees, `[..., F]`, to values `[..., 1]` in units of
        `ppo.value_scale`.
      optimizer: the optimiser of both.
      steering: the weight of the entropy, if training steers it.
    """

    def __init__(
        self,
        env: CommEnv,
        team: Any,
        ppo: PPOConfig,
        critic_hidden: int,
        seed: int,
        credit: CreditConfig | None = None,
        guide: Guide | None = None,
        guided: float = 0.0,
    ) -> None:
        """Draws the critic's weights from `seed`; the team keeps its weights.

        With a `guide` the loss has `guided` times that of `oracles.teams.attention`.
        """
        self._guide, self._guided = guide, guided
        self._judges = getattr(team, "judges", False)
        self.team, self.ppo, self.device = team, ppo, env.device
        self.credit = credit or CreditConfig()
        self.steering = Steering(ppo.entropy_coef)
        width = env.spec.state_size
        if self.credit.own_critic:
            width += env.spec.obs_size + 2 * team.memory_size
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            sizes = (width, critic_hidden, critic_hidden, 1)
            self.critic = mlp(sizes).to(env.device)
        self.optimizer = torch.optim.Adam(
            parameters_of([team, self.critic]), ppo.learning_rate
        )

    def experience(
        self, rollout: Step, label: Tensor | None, *, imitating: bool = True
    ) -> Experience:
        """Turns a rollout into what one update learns from.

        Args:
          rollout: `[T+1,B,...]`; the last step only gives the critic's bootstrap.
          label: `[T+1,B,N]` the teacher's actions; none without a teacher.
          imitating: if true and with labels, advantages are zero: the policy only
            imitates, while the critic already learns.

        Returns:
          `[T,B,...]`, agents as decision points; dead agents have weight 0.
        """
        judged = self._judged(rollout)
        with torch.no_grad():
            value = self._value(judged, rollout.timestep.alive)
        advantage, target = gae(
            self._earned(rollout.agent_reward[:-1]),
            value[:-1],
            value[-1],
            self._ends(rollout),
            self.ppo.gamma,
            self.ppo.gae_lambda,
        )
        if label is None:
            label = torch.full_like(rollout.action, NO_LABEL)
        elif imitating:
            advantage = torch.zeros_like(advantage)
        inputs = TeamInputs(
            map_tensors(lambda leaf: leaf[:1], rollout.carry),
            map_tensors(lambda leaf: leaf[:-1], rollout.timestep),
            rollout.action[:-1],
            label[:-1],
            self._whom(rollout)[:-1],
            judged[:-1],
            rollout.wire.forged[:-1],
            rollout.wire.tampered[:-1],
        )
        weight = rollout.timestep.alive[:-1].float()
        log_prob = rollout.log_prob[:-1]
        return Experience(
            inputs, log_prob, value[:-1], advantage, target, weight, weight
        )

    def evaluate(self, inputs: TeamInputs, imitation: float = 1.0) -> Evaluation:
        """Re-unrolls `communicate`; adds losses of a teacher, a guide, and of beliefs.

            auxiliary = -w E[ log pi(label | tau, m_in) ]   where there is a label
                        + w_g attention_loss                where there is a guide
                        + distrust_loss                     where agents judge messages

        Backpropagation through time starts at the rollout's first carry, which is
        taken as it was then (truncated); `communicate` clears it where agents are
        fresh.
        """
        carry = map_tensors(lambda leaf: leaf[0], inputs.carry)
        generator = torch.Generator(self.device)  # for backbones whose messages vary
        scores, attended, beliefs = [], [], []
        for t in range(inputs.action.shape[0]):
            timestep = map_tensors(lambda leaf, t=t: leaf[t], inputs.timestep)
            before = carry
            told = retelling(inputs.forged[t], inputs.tampered[t])
            carry, wire, score = communicate(
                self.team, carry, timestep, told, generator
            )
            scores.append(score)
            if self._judges:
                memory = before.memory.masked_fill(timestep.fresh[..., None], 0.0)
                beliefs.append(self.team.beliefs(timestep.obs, memory, wire.heard))
            if self._guide is not None:
                memory = before.memory.masked_fill(timestep.fresh[..., None], 0.0)
                attended.append(
                    self.team.attend(timestep.obs, memory, wire.heard, timestep.links)
                )
        logits = torch.stack(scores)
        log_probs = logits.log_softmax(-1)
        # 0 * -inf is NaN: actions that are not available add nothing.
        entropy = -(log_probs.exp() * log_probs.clamp(min=-1e9)).sum(-1)
        counted = (inputs.label != NO_LABEL) & inputs.timestep.alive
        missed = -log_prob_of(logits, inputs.label.clamp(min=0))
        missed = torch.where(counted, missed, 0.0).sum() / counted.sum().clamp(min=1)
        auxiliary = imitation * missed
        if self._guide is not None:
            auxiliary = auxiliary + self._guided * attention_loss(
                torch.stack(attended), inputs.whom, inputs.timestep.links
            )
        if self._judges:
            auxiliary = auxiliary + distrust_loss(
                torch.stack(beliefs), inputs.forged, inputs.timestep.links
            )
        return Evaluation(
            log_prob_of(logits, inputs.action),
            entropy,
            self._value(inputs.judged, inputs.timestep.alive),
            auxiliary,
        )

    def _whom(self, rollout: Step) -> Tensor:
        """Returns the senders that a guide names, `[T+1,B,N]`; unused without one."""
        if self._guide is None:
            return torch.full_like(rollout.action, NO_LABEL)
        flat = map_tensors(lambda leaf: leaf.flatten(0, 1), rollout.timestep)
        return self._guide(flat).view(rollout.action.shape)

    def _earned(self, own: Tensor) -> Tensor:
        """Returns the rewards `[T,B,N]` that agents are trained on."""
        share = self.credit.others_share
        if share == 0.0:
            return own
        return own + share * (own.sum(-1, keepdim=True) - own)

    def _ends(self, rollout: Step) -> Tensor:
        """Returns where an agent's return ends, `[T,B,N]`: with the game, or before."""
        after = rollout.timestep
        ends = rollout.done[:-1, :, None] | after.fresh[1:] | ~after.alive[1:]
        if self.credit.disaster is not None:
            ends = ends | (rollout.agent_reward[:-1] <= self.credit.disaster)
        return ends

    def _judged(self, rollout: Step) -> Tensor:
        """Returns what the critic sees, `[T,B,S]`; `[T,B,N,F]` if it judges agents."""
        timestep = rollout.timestep
        if not self.credit.own_critic:
            return timestep.state
        memory = rollout.carry.memory.masked_fill(timestep.fresh[..., None], 0.0)
        alive = timestep.alive[..., None].float()
        mean = (memory * alive).sum(-2) / alive.sum(-2).clamp(min=1.0)
        common = torch.cat([mean, timestep.state], -1)[..., None, :]
        common = common.expand(*memory.shape[:-1], -1)
        return torch.cat([timestep.obs, memory, common], -1)

    def _value(self, judged: Tensor, alive: Tensor) -> Tensor:
        """Returns the critic's values in reward units, `[T,B,N]`."""
        value = self.ppo.value_scale * self.critic(judged)
        if self.credit.own_critic:
            return value.squeeze(-1)
        return value.expand(alive.shape)

    def snapshot(self) -> dict[str, Tensor]:
        """Copies the weights of team and critic and the optimiser's moments."""
        return resume_points.snapshot(self._modules(), self.optimizer)

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Restores what `snapshot` returned."""
        resume_points.restore(self._modules(), self.optimizer, tensors)

    def _modules(self) -> dict[str, nn.Module]:
        return {"team": self.team, "critic": self.critic}
