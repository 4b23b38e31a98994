"""The base of attacks that draw from a Gaussian: what PPO asks of them.

Source: paper section 3.2, eq. 1.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from games.engine.play import Step
from games.engine.view import gather_agents
from oracles.learning.nets import StackedMLP, gaussian_log_prob, squash
from oracles.learning.ppo import Evaluation
from oracles.strategies.attacks.tampering import Tampering
from oracles.strategies.critic import Critic
from oracles.strategies.setting import Setting

_LEAST = 0.2  # share of the noise that annealing and learning leave


class AttackInputs(NamedTuple):
    """The parts of a rollout that `GaussianPolicy.evaluate` reads."""

    features: Tensor  # [T,B,K,F]
    sent: Tensor  # [T,B,K,D]
    drawn: Tensor  # [T,B,K,G], in units in which Lambda is diagonal
    bending: Tensor  # [T,B,K] in {0., 1.}; alive, and allowed to by the rate


class GaussianPolicy(Tampering):
    """The base of attacks that draw from N(f_mu(o, tau, m_in, m_out), Lambda).

    Each of the K malicious agents has its own networks and sees only its own history,
    what it heard and what it means to say; none sees the others (assumption 2). Lambda
    is diagonal, and fixed unless the setting `noise` says else. A subclass calls
    `build`, says in `unit` how large a number is that it draws, makes messages of what
    it drew, finds that again in a rollout (`drawn_in`), and may put a `price` on it.
    """

    spread: Tensor  # ln of the noise's share, [] annealed or [K,G] learnt

    def build(self, width: int, size: int) -> None:
        """Builds K networks, of `width` features, that draw `size` numbers each, G."""
        config, held = self.config, self.threat.num_malicious
        sizes = width, config.hidden, config.hidden, size
        self.mean = StackedMLP(held, sizes, last_gain=0.01)
        if config.noise == "annealed":
            self.register_buffer("spread", torch.zeros(()))
        elif config.noise == "learnt":
            self.spread = nn.Parameter(torch.zeros(held, size))

    def unit(self) -> Tensor:
        """Returns in what unit each number is drawn, `[G]`."""
        raise TypeError(f"{type(self).__name__} has no `unit`")

    def drawn_in(self, rollout: Step, features: Tensor) -> Tensor:
        """Returns what was drawn in a rollout `[T,B,...]`: `[T,B,K,G]`."""
        raise TypeError(f"{type(self).__name__} has no `drawn_in`")

    def price(self, inputs: AttackInputs, mean: Tensor) -> Tensor:
        """Returns a loss `[]` that is to be added for a mean `[T,B,K,G]`: none."""
        return mean.new_zeros(())

    def anneal(self, progress: float) -> None:
        """Lets the noise fall, if it is to; `progress` is the share of the training."""
        if self.config.noise == "annealed":
            self.spread.fill_(progress * math.log(_LEAST))

    def new_critic(self, setting: Setting) -> Critic:
        """Returns the critic for a training: playing needs none, so none is stored."""
        return Critic(setting, self.config.hidden)

    def inputs(self, rollout: Step) -> AttackInputs:
        """Returns what `evaluate` needs of a rollout `[T,B,...]`: malicious agents."""
        malicious = rollout.carry.malicious
        fresh = rollout.timestep.fresh[..., None]
        seen = (
            rollout.timestep.obs,
            rollout.carry.memory.masked_fill(fresh, 0.0),
            rollout.carry.m_in.masked_fill(fresh, 0.0),
            rollout.wire.sent,
        )
        own = [gather_agents(part, malicious) for part in seen]
        features = self.features(*own)
        drawn = self.drawn_in(rollout, features)
        active = rollout.wire.attack.active[..., None].float()
        bending = gather_agents(active, malicious).squeeze(-1)
        return AttackInputs(features, own[-1], drawn, bending)

    def evaluate(self, inputs: AttackInputs) -> Evaluation:
        """Returns eq. 1 for PPO: log-densities, entropy and the price of the mean.

        Source: paper eq. 1.
        """
        mean = self.mean_of(inputs.features)
        log_prob = gaussian_log_prob(inputs.drawn, mean, self.std())
        entropy = self.std().log().sum(-1).expand_as(log_prob)
        unused = torch.zeros_like(log_prob)
        return Evaluation(log_prob, entropy, unused, self.price(inputs, mean))

    def features(
        self, obs: Tensor, memory: Tensor, m_in: Tensor, sent: Tensor
    ) -> Tensor:
        """Joins own history, what was heard and what is meant: `[...,K,F]`."""
        return torch.cat([obs, memory, squash(m_in), sent / self.message_rms], dim=-1)

    def mean_of(self, features: Tensor) -> Tensor:
        """Returns the mean of what is drawn, `[...,K,G]`."""
        return self.config.mean_scale * self.unit() * self.mean(features)

    def std(self) -> Tensor:
        """Returns the root of Lambda's diagonal, `[G]`, or `[K,G]` if it is learnt."""
        std = self.config.noise_scale * self.unit()
        if self.config.noise == "annealed":
            return std * self.spread.exp()
        if self.config.noise == "learnt":
            # Not clamped: a gradient leads back from the least.
            return std * (_LEAST + (1.0 - _LEAST) * self.spread.exp())
        return std
