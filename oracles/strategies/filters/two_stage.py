"""The learned filter of eq. 2: flags messages that look forged, and repairs those.

    x_i ~ h_d( . | m_i) in {0, 1},     m_hat_i = x_i ? g_r(m_i) : m_i

Source: paper section 3.3 and eq. 2.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor, nn

from games.engine.play import Step
from games.engine.side import Side
from games.engine.strategy import Decision, Verdict
from games.engine.team import Team
from games.engine.view import FilterView
from oracles.learning.nets import VALUE_UNIT, mlp, squash
from oracles.learning.ppo import Evaluation
from oracles.strategies.filters.config import FilterConfig
from oracles.strategies.setting import Setting


class AnomalyDetector(nn.Module):
    """The detector h_d( . | m): estimates how likely one message was forged.

    Source: paper section 3.3, eq. 2.
    """

    def __init__(self, message_size: int, hidden: int) -> None:
        """Starts with probability 1/2 for every message."""
        super().__init__()
        self.net = mlp((message_size, hidden, hidden, 1), last_gain=0.0)

    def forward(self, standard: Tensor) -> Tensor:
        """Returns logits `[...]` for standardised messages `[...,D]`."""
        return self.net(squash(standard)).squeeze(-1)


class Reconstructor(nn.Module):
    """The reconstructor g_r( . | m): estimates a message as it was before it was bent.

        g(z) = z + a(z) (b(z) - z)

    The gate a starts at zero, so that an untrained reconstructor is the identity.

    Source: paper section 3.3, eq. 2.
    """

    def __init__(self, message_size: int, hidden: int) -> None:
        """Starts as the identity."""
        super().__init__()
        self.gate = mlp((message_size, hidden, hidden, message_size), last_gain=0.0)
        self.guess = mlp((message_size, hidden, hidden, message_size))

    def forward(self, standard: Tensor) -> Tensor:
        """Maps standardised messages `[...,D]` to clean ones."""
        seen = squash(standard)
        return standard + self.gate(seen) * (self.guess(seen) - standard)


class FilterInputs(NamedTuple):
    """The parts of a rollout that `TwoStageFilter.evaluate` reads."""

    tampered: Tensor  # [T,B,N,D]
    clean: Tensor  # [T,B,N,D]
    flag: Tensor  # [T,B,N] in {0., 1.}
    forged: Tensor  # [T,B,N] in {0., 1.}  the true label
    alive: Tensor  # [T,B,N] bool


class TwoStageFilter(nn.Module):
    """The learned filter zeta = (h_d, g_r), which all senders share.

    It judges single messages; only its critic, used in training, sees all of them.

    Source: paper section 3.3, eq. 2.
    """

    kind = "two_stage"
    side = Side.DEFENDER
    memory_size = 0
    observes = False
    message_mean: Tensor  # [D]
    message_std: Tensor  # [D]

    def __init__(
        self, config: FilterConfig, *, message_size: int, num_agents: int
    ) -> None:
        """Builds an untrained filter: it flags at random and changes nothing."""
        super().__init__()
        self.config = config
        self.num_agents = num_agents
        self.detector = AnomalyDetector(message_size, config.hidden)
        self.reconstructor = Reconstructor(message_size, config.hidden)
        wide = config.critic_hidden
        self.critic = mlp((num_agents * message_size, wide, wide, 1))
        self.register_buffer("message_mean", torch.zeros(message_size))
        self.register_buffer("message_std", torch.ones(message_size))

    @classmethod
    def new(cls, setting: Setting, config: Any = None) -> Self:
        """Builds an untrained filter for a game, in the units of its team.

        Weights are drawn from torch's global generator.
        """
        filter_ = cls(
            config or FilterConfig(),
            message_size=setting.team.message_size,
            num_agents=setting.env.spec.num_agents,
        )
        return filter_.calibrate(setting.team)

    @classmethod
    def rebuild(cls, arguments: Mapping[str, Any]) -> Self:
        """Builds the filter that `arguments` describe, without its weights."""
        return cls(**{**arguments, "config": FilterConfig(**arguments["config"])})

    def arguments(self) -> dict[str, Any]:
        """Returns what `rebuild` needs, as JSON data."""
        return {
            "config": asdict(self.config),
            "message_size": self.message_mean.shape[0],
            "num_agents": self.num_agents,
        }

    def calibrate(self, team: Team) -> Self:
        """Sets mean and spread from a trained team's clean messages; returns itself."""
        self.message_mean.copy_(team.message_mean)
        self.message_std.copy_(team.message_std.clamp(min=1e-6))
        return self

    def reset(self, done: Tensor, generator: torch.Generator) -> None:
        """Does nothing: each message is judged alone."""

    def suspicion(self, tampered: Tensor) -> Tensor:
        """Returns the probability h_d(1 | m) in (0, 1): `[...,D]` -> `[...]`."""
        return self.detector(self._standardise(tampered)).sigmoid()

    def repair(self, tampered: Tensor) -> Tensor:
        """Returns the repaired messages g_r(m): `[...,D]` -> `[...,D]`."""
        repaired = self.reconstructor(self._standardise(tampered))
        return repaired * self.message_std + self.message_mean

    def decide(
        self, view: FilterView, memory: Tensor, generator: torch.Generator
    ) -> Verdict:
        """Draws the flags x `[B,N]`, and repairs every message."""
        messages, alive = view.messages, view.alive
        shape, device = messages.shape, messages.device
        uniform = torch.rand(shape[:-1], generator=generator, device=device)
        noise = None
        if self.config.reconstructor == "random":
            noise = torch.randn(shape, generator=generator, device=device)
        if self.config.detector == "random":
            order = uniform.masked_fill(~alive, -1.0)
            flag = (order == order.amax(-1, keepdim=True)).float()
            log_prob = torch.zeros_like(uniform)
        else:
            logit = self.detector(self._standardise(messages))
            flag = (uniform < logit.sigmoid()).float()
            log_prob = _bernoulli_log_prob(logit, flag)
        # A frozen filter needs no critic: no advantage is taken of its decisions.
        value = self._value(messages) if self.training else torch.zeros_like(uniform)
        decision = Decision(flag, log_prob, value, alive)
        if noise is None:
            repaired = self._repaired(messages, flag > 0)
        else:
            repaired = noise * self.message_std + self.message_mean
        return Verdict(decision, repaired, memory)

    def _repaired(self, messages: Tensor, flagged: Tensor) -> Tensor:
        """Returns repaired messages; on a CPU only those that are flagged are."""
        if messages.device.type != "cpu" or messages.requires_grad:
            return self.repair(messages)  # an index would wait for the device
        rows = flagged.nonzero(as_tuple=True)
        return messages.index_put(rows, self.repair(messages[rows]))

    def inputs(self, rollout: Step) -> FilterInputs:
        """Returns what `evaluate` needs of a rollout `[T,B,...]`."""
        wire = rollout.wire
        return FilterInputs(
            wire.tampered,
            wire.sent,
            wire.defence.choice,
            wire.forged.float(),
            rollout.timestep.alive,
        )

    def evaluate(self, inputs: FilterInputs) -> Evaluation:
        """Returns eq. 2 for PPO: log-probabilities, values, and the supervised terms.

            auxiliary = -beta1 E[ y log h_d ] + beta2 E[ (m_clean - g_r(m))^2 ]

        Both expectations weigh forged and benign messages equally: one message in N
        is forged, and a filter that flags none must not score well.

        Source: paper eq. 2.
        """
        standard = self._standardise(inputs.tampered)
        logit = self.detector(standard)
        log_prob = _bernoulli_log_prob(logit, inputs.flag)
        weight = _balance(inputs.forged, inputs.alive)
        likelihood = (weight * _bernoulli_log_prob(logit, inputs.forged)).sum()
        auxiliary = -self.config.beta1 * likelihood
        if self.config.reconstructor == "learned":
            error = self.reconstructor(standard) - self._standardise(inputs.clean)
            distance = (weight * error.square().mean(-1)).sum()
            auxiliary = auxiliary + self.config.beta2 * distance
        if self.config.detector == "random":
            # Nothing was decided: no policy gradient and no likelihood.
            log_prob = log_prob * 0.0
            auxiliary = auxiliary + self.config.beta1 * likelihood
        entropy = nn.functional.binary_cross_entropy_with_logits(
            logit, logit.sigmoid(), reduction="none"
        )
        return Evaluation(log_prob, entropy, self._value(inputs.tampered), auxiliary)

    def _standardise(self, message: Tensor) -> Tensor:
        return (message - self.message_mean) / self.message_std

    def _value(self, tampered: Tensor) -> Tensor:
        seen = squash(self._standardise(tampered)).flatten(-2)
        return VALUE_UNIT * self.critic(seen).expand(tampered.shape[:-1])


def _bernoulli_log_prob(logit: Tensor, outcome: Tensor) -> Tensor:
    return -nn.functional.binary_cross_entropy_with_logits(
        logit, outcome, reduction="none"
    )


def _balance(forged: Tensor, alive: Tensor) -> Tensor:
    """Returns weights that sum to 1, half on forged and half on benign messages."""
    counted = alive.to(forged.dtype)
    bad, good = forged * counted, (1.0 - forged) * counted
    share = (bad.sum() > 0).to(forged.dtype) + (good.sum() > 0).to(forged.dtype)
    parts = bad / bad.sum().clamp(min=1.0) + good / good.sum().clamp(min=1.0)
    return parts / share.clamp(min=1.0)
