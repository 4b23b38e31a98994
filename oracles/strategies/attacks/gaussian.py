"""The learned attack of eq. 1.

    J = E[ min(rho A, clip(rho, 1 - eps, 1 + eps) A) ] - alpha E[ (m_out - m_adv)^2 ]

Source: paper section 3.2, eq. 1.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor, nn

from games.engine.channel import bend
from games.engine.play import Step
from games.engine.strategy import Decision, Forgery
from games.engine.threat import Threat
from games.engine.view import AttackView, gather_agents
from oracles.learning.nets import StackedMLP, gaussian_log_prob, squash
from oracles.learning.ppo import Evaluation
from oracles.strategies.attacks.config import AttackConfig
from oracles.strategies.attacks.tampering import Tampering
from oracles.strategies.critic import Critic
from oracles.strategies.recording import record
from oracles.strategies.setting import Setting

_LEAST = 0.2  # share of the noise that annealing and learning leave


class AttackInputs(NamedTuple):
    """The parts of a rollout that `GaussianAttack.evaluate` reads."""

    features: Tensor  # [T,B,K,F]
    sent: Tensor  # [T,B,K,D]
    drawn: Tensor  # [T,B,K,D] delta, in units in which Lambda is diagonal
    bending: Tensor  # [T,B,K] in {0., 1.}; alive, and allowed to by the rate


class GaussianAttack(Tampering):
    """The learned attack xi(delta | tau, m_in, m_out) = N(f_mu(.), Lambda).

    Each of the K malicious agents has its own networks and sees only its own history,
    what it heard and what it means to say; none sees the others (assumption 2). Lambda
    is fixed and diagonal, unless `noise_shape` and `noise` of `AttackConfig` say else.

    Source: paper eq. 1.
    """

    kind = "gaussian"
    settings = AttackConfig
    root: Tensor  # [D,D] symmetric; its square is Lambda's shape, if not diagonal
    spread: Tensor  # ln of the noise's share, [] annealed or [K,D] learnt

    def __init__(
        self,
        threat: Threat,
        message_size: int,
        *,
        config: AttackConfig,
        obs_size: int,
        memory_size: int,
        heard_size: int,
    ) -> None:
        """Builds K independent policies."""
        super().__init__(threat, message_size, **asdict(config))
        self.sizes = {
            "obs_size": obs_size,
            "memory_size": memory_size,
            "heard_size": heard_size,
        }
        width = sum(self.sizes.values()) + message_size
        hidden = (config.hidden, config.hidden)
        self.mean = StackedMLP(
            threat.num_malicious, (width, *hidden, message_size), last_gain=0.01
        )
        auto = "diagonal" if threat.cap is None else "clean"
        shape = auto if config.noise_shape == "auto" else config.noise_shape
        self.shaped = shape == "clean"
        if self.shaped:
            self.register_buffer("root", torch.eye(message_size))
        if config.noise == "annealed":
            self.register_buffer("spread", torch.zeros(()))
        elif config.noise == "learnt":
            each = threat.num_malicious, message_size
            self.spread = nn.Parameter(torch.zeros(each))

    @classmethod
    def new(cls, setting: Setting, config: Any = None) -> Self:
        """Builds an untrained attack; see `Tampering.new`."""
        team = setting.team
        attack = cls(
            setting.threat,
            team.message_size,
            config=config or AttackConfig(),
            obs_size=setting.env.spec.obs_size,
            memory_size=team.memory_size,
            heard_size=team.heard_size,
        )
        attack.calibrate(team)
        if attack.shaped:
            attack.root.copy_(attack._clean_root(setting))
        return attack

    def _clean_root(self, setting: Setting) -> Tensor:
        """Returns the root of the covariance of clean messages, as long as their rms.

        A tenth of the diagonal shape is added: no direction is left out.
        """
        root, rms = record(setting).root_covariance(), self.message_rms
        length = rms.norm() / root.norm().clamp(min=1e-12)
        return length * root + 0.1 * torch.diag(rms)

    @classmethod
    def rebuild(cls, arguments: Mapping[str, Any]) -> Self:
        """Builds the attack that `arguments` describe, without its weights."""
        config = AttackConfig.from_plain(arguments["config"])
        return super().rebuild({**arguments, "config": config})

    def arguments(self) -> dict[str, Any]:
        """Returns what `rebuild` needs, as JSON data."""
        return {
            "threat": self.threat.to_plain(),
            "message_size": self.message_rms.shape[0],
            "config": self.config.to_plain(),
            **self.sizes,
        }

    def anneal(self, progress: float) -> None:
        """Lets the noise fall, if it is to; `progress` is the share of the training."""
        if self.config.noise == "annealed":
            self.spread.fill_(progress * math.log(_LEAST))

    def decide(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> Forgery:
        """Draws delta for the malicious agents."""
        features = self._features(view.obs, view.memory, view.m_in, view.sent)
        mean = self._mean(features)
        noise = torch.randn(mean.shape, generator=generator, device=mean.device)
        drawn = mean + self._std() * noise
        log_prob = gaussian_log_prob(drawn, mean, self._std())
        delta = self._shaped(drawn)
        unused = torch.zeros_like(log_prob)  # values are of `new_critic`, in training
        return Forgery(Decision(delta, log_prob, unused, view.may_bend), memory)

    def new_critic(self, setting: Setting) -> Critic:
        """Returns the critic for a training: playing needs none, so none is stored."""
        return Critic(setting, self.config.hidden)

    def load_state_dict(self, state_dict: Mapping[str, Any], *a: Any, **k: Any) -> Any:
        """Loads weights, without those of the critic that older attacks kept."""
        own = {n: v for n, v in state_dict.items() if not n.startswith("critic.")}
        return super().load_state_dict(own, *a, **k)

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
        delta = gather_agents(rollout.wire.attack.choice, malicious)
        active = rollout.wire.attack.active[..., None].float()
        bending = gather_agents(active, malicious).squeeze(-1)
        drawn = delta
        if self.shaped:
            drawn = torch.linalg.solve(self.root, delta.flatten(0, -2), left=False)
        drawn = drawn.view_as(delta)
        return AttackInputs(self._features(*own), own[-1], drawn, bending)

    def evaluate(self, inputs: AttackInputs) -> Evaluation:
        """Returns eq. 1 for PPO: log-densities, entropy and the price of the distance.

            auxiliary = alpha E[ (m_out - m_adv)^2 ],  m_adv = bend(m_out, f_mu)

        The distance is differentiated through the mean (Lambda adds a constant), and
        taken before the cap: beyond the cap its gradient would be zero. Dead agents
        send nothing and pay nothing.

        Source: paper eq. 1.
        """
        mean = self._mean(inputs.features)
        log_prob = gaussian_log_prob(inputs.drawn, mean, self._std())
        offset = bend(inputs.sent, self._shaped(mean), self.threat) - inputs.sent
        relative = offset.square().sum(-1) / self.message_norm.square()
        bent = inputs.bending.sum().clamp(min=1.0)
        price = self.config.alpha * (relative * inputs.bending).sum() / bent
        entropy = self._std().log().sum(-1).expand_as(log_prob)
        unused = torch.zeros_like(log_prob)
        return Evaluation(log_prob, entropy, unused, price)

    def _features(
        self, obs: Tensor, memory: Tensor, m_in: Tensor, sent: Tensor
    ) -> Tensor:
        """Joins own history, what was heard and what is meant: `[...,K,F]`."""
        return torch.cat([obs, memory, squash(m_in), sent / self.message_rms], dim=-1)

    def _shaped(self, drawn: Tensor) -> Tensor:
        """Returns delta, `[...,D]`, of what was drawn with a diagonal Lambda."""
        return drawn @ self.root if self.shaped else drawn

    def _unit(self) -> Tensor:
        return torch.ones_like(self.message_rms) if self.shaped else self.message_rms

    def _mean(self, features: Tensor) -> Tensor:
        return self.config.mean_scale * self._unit() * self.mean(features)

    def _std(self) -> Tensor:
        """Returns the root of Lambda's diagonal, `[D]`, or `[K,D]` if it is learnt."""
        std = self.config.noise_scale * self._unit()
        if self.config.noise == "annealed":
            return std * self.spread.exp()
        if self.config.noise == "learnt":
            # Not clamped: a gradient leads back from the least.
            return std * (_LEAST + (1.0 - _LEAST) * self.spread.exp())
        return std
