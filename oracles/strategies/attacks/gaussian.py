"""The learned attack of eq. 1.

    J = E[ min(rho A, clip(rho, 1 - eps, 1 + eps) A) ] - alpha E[ (m_out - m_adv)^2 ]

Source: paper section 3.2, eq. 1.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Self

import torch
from torch import Tensor

from games.engine.channel import bend
from games.engine.play import Step
from games.engine.strategy import Decision, Forgery
from games.engine.threat import Threat
from games.engine.view import AttackView, gather_agents
from oracles.learning.nets import gaussian_log_prob
from oracles.strategies.attacks.config import AttackConfig
from oracles.strategies.attacks.density import AttackInputs, GaussianPolicy
from oracles.strategies.recording import record
from oracles.strategies.setting import Setting


class GaussianAttack(GaussianPolicy):
    """The learned attack xi(delta | tau, m_in, m_out) = N(f_mu(.), Lambda).

    Lambda is fixed and diagonal, unless `noise_shape` and `noise` of `AttackConfig` say
    else.

    Source: paper eq. 1.
    """

    kind = "gaussian"
    outgrown = "critic."  # weights that older attacks kept
    settings = AttackConfig
    root: Tensor  # [D,D] symmetric; its square is Lambda's shape, if not diagonal

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
        self.build(sum(self.sizes.values()) + message_size, message_size)
        auto = "diagonal" if threat.cap is None else "clean"
        shape = auto if config.noise_shape == "auto" else config.noise_shape
        self.shaped = shape == "clean"
        if self.shaped:
            self.register_buffer("root", torch.eye(message_size))

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

    def decide(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> Forgery:
        """Draws delta for the malicious agents."""
        features = self.features(view.obs, view.memory, view.m_in, view.sent)
        mean, std = self.mean_of(features), self.std()
        noise = torch.randn(mean.shape, generator=generator, device=mean.device)
        drawn = mean + std * noise
        log_prob = gaussian_log_prob(drawn, mean, std)
        delta = self._shaped(drawn)
        unused = torch.zeros_like(log_prob)  # values are of `new_critic`, in training
        return Forgery(Decision(delta, log_prob, unused, view.may_bend), memory)

    def load_state_dict(self, state_dict: Mapping[str, Any], *a: Any, **k: Any) -> Any:
        """Loads weights, without those of the critic that older attacks kept."""
        own = {n: v for n, v in state_dict.items() if not n.startswith(self.outgrown)}
        return super().load_state_dict(own, *a, **k)

    def drawn_in(self, rollout: Step, features: Tensor) -> Tensor:
        """Returns delta, before it was shaped."""
        delta = gather_agents(rollout.wire.attack.choice, rollout.carry.malicious)
        if not self.shaped:
            return delta
        drawn = torch.linalg.solve(self.root, delta.flatten(0, -2), left=False)
        return drawn.view_as(delta)

    def price(self, inputs: AttackInputs, mean: Tensor) -> Tensor:
        """Returns the price of the distance.

            alpha E[ (m_out - m_adv)^2 ],  m_adv = bend(m_out, f_mu)

        The distance is differentiated through the mean (Lambda adds a constant), and
        taken before the cap: beyond the cap its gradient would be zero. Dead agents
        send nothing and pay nothing.

        Source: paper eq. 1.
        """
        offset = bend(inputs.sent, self._shaped(mean), self.threat) - inputs.sent
        relative = offset.square().sum(-1) / self.message_norm.square()
        bent = inputs.bending.sum().clamp(min=1.0)
        return self.config.alpha * (relative * inputs.bending).sum() / bent

    def unit(self) -> Tensor:
        """Returns the rms of a clean message's numbers, or 1 where root has it."""
        return torch.ones_like(self.message_rms) if self.shaped else self.message_rms

    def _shaped(self, drawn: Tensor) -> Tensor:
        """Returns delta, `[...,D]`, of what was drawn with a diagonal Lambda."""
        return drawn @ self.root if self.shaped else drawn
