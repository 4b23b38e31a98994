"""Attacks on the channel: what captured agents say instead of what they mean.

    sum:     m_adv = m_out + delta
    convex:  m_adv = (1 - w) m_out + w delta

Every attack of one game obeys one `Threat`: how delta is applied and how far it may
bend a message are rules of the game, not choices of a policy.

Source: paper section 3.1 and eq. 1.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor, nn

from games.channel import Decision, NoAttack
from games.play import Step
from games.team import Team
from oracles.nets import StackedMLP, gaussian_log_prob, squash
from oracles.ppo import Evaluation


@dataclass(frozen=True)
class Threat:
    """What the rules let an attacker do, the same for every attacker of a table.

    Attributes:
      num_malicious: K, agents held by the attacker.
      captured: their indices, comma separated; none draws them once per run.
      redraw_captured: draw them anew in every episode instead.
      mode: how delta is applied.
      mix_weight: omega of the convex mode.
      cap: most that a message may be bent, in mean norms of a clean message; none is
        no limit.
    """

    num_malicious: int = 1
    captured: tuple[int, ...] | None = None
    redraw_captured: bool = False
    mode: str = field(default="sum", metadata={"choices": ("sum", "convex")})
    mix_weight: float = 0.9
    cap: float | None = None

    def __post_init__(self) -> None:
        """Checks ranges."""
        if self.num_malicious < 1:
            raise ValueError(
                f"threat.num_malicious is {self.num_malicious}, must be at least 1"
            )
        if self.captured is not None and len(set(self.captured)) != self.num_malicious:
            raise ValueError(
                f"threat.captured is {self.captured}, must name num_malicious ="
                f" {self.num_malicious} different agents"
            )
        if self.mode not in ("sum", "convex"):
            raise ValueError(f"threat.mode is {self.mode!r}, must be sum or convex")
        if not 0.0 <= self.mix_weight <= 1.0:
            raise ValueError(
                f"threat.mix_weight is {self.mix_weight}, must lie in [0, 1]"
            )
        if self.cap is not None and not self.cap > 0.0:
            raise ValueError(f"threat.cap is {self.cap}, must be positive or none")


@dataclass(frozen=True)
class AttackConfig:
    """Settings of `GaussianAttack`.

    Attributes:
      noise_scale: fixed standard deviation of delta, in rms of a clean message's
        dimensions (Lambda is its square). From 0.3 to 1 nothing was found: start wide.
      mean_scale: size of the mean for a network output of 1, in the same unit.
      alpha: price of the squared distance between m_out and m_adv, in squared mean
        norms of a clean message.
      hidden: width of both hidden layers.
      stop_return: freeze the attacker once the team's mean return falls to this;
        none trains it to the end of its budget.
    """

    noise_scale: float = 3.0
    mean_scale: float = 8.0
    alpha: float = 0.005
    hidden: int = 128
    stop_return: float | None = None

    def __post_init__(self) -> None:
        """Checks ranges."""
        for name in ("noise_scale", "mean_scale"):
            if not getattr(self, name) > 0.0:
                raise ValueError(
                    f"attack.{name} is {getattr(self, name)}, must be positive"
                )
        if self.alpha < 0.0:
            raise ValueError(f"attack.alpha is {self.alpha}, must be at least 0")
        if self.hidden < 1:
            raise ValueError(f"attack.hidden is {self.hidden}, must be at least 1")


def bend(sent: Tensor, delta: Tensor, threat: Threat) -> Tensor:
    """Applies delta before any cap: m + delta, or (1 - w) m + w delta.

    Source: paper section 3.1.
    """
    if threat.mode == "sum":
        return sent + delta
    return (1.0 - threat.mix_weight) * sent + threat.mix_weight * delta


def project(bent: Tensor, sent: Tensor, radius: Tensor) -> Tensor:
    """The point nearest to `bent` within `radius` of `sent`, `[...,D]`."""
    offset = bent - sent
    distance = offset.norm(dim=-1, keepdim=True)
    shrunk = sent + offset * (radius / distance.clamp(min=1e-12))
    return torch.where(distance > radius, shrunk, bent)


def gather_agents(values: Tensor, captured: Tensor) -> Tensor:
    """Rows of the captured agents: `[...,N,F]`, `[...,K]` -> `[...,K,F]`."""
    index = captured[..., None].expand(*captured.shape, values.shape[-1])
    return values.gather(-2, index)


def scatter_agents(values: Tensor, captured: Tensor, num_agents: int) -> Tensor:
    """The reverse of `gather_agents`, zero elsewhere: `[B,K,F]` -> `[B,N,F]`."""
    size = (*values.shape[:-2], num_agents, values.shape[-1])
    index = captured[..., None].expand_as(values)
    return torch.zeros(size, device=values.device, dtype=values.dtype).scatter(
        -2, index, values
    )


class Tampering(nn.Module):
    """What all attacks share: the threat, and the clean message's size as a unit."""

    message_norm: Tensor  # []
    message_rms: Tensor  # [D]

    def __init__(self, threat: Threat, message_size: int) -> None:
        """Prepares an attack on messages of `message_size` numbers."""
        super().__init__()
        self.threat = threat
        self.register_buffer("message_norm", torch.ones(()))
        self.register_buffer("message_rms", torch.ones(message_size))

    def calibrate(self, team: Team) -> "Tampering":
        """Takes the units from a trained team's clean messages; returns itself."""
        self.message_norm.copy_(team.message_norm)
        self.message_rms.copy_(team.message_rms.clamp(min=1e-6))
        return self

    def reset(self, done: Tensor, generator: torch.Generator) -> None:
        """Nothing to forget: tau is the captured agent's own memory."""

    def apply(self, sent: Tensor, choice: Tensor) -> Tensor:  # type: ignore[override]
        """m_adv for messages and deltas `[B,N,D]`, the cap included."""
        bent = bend(sent, choice, self.threat)
        if self.threat.cap is None:
            return bent
        return project(bent, sent, self.threat.cap * self.message_norm)

    def _decision(
        self,
        delta: Tensor,
        captured: Tensor,
        num_agents: int,
        log_prob: Tensor | None = None,
        value: Tensor | None = None,
    ) -> Decision:
        """Spreads the captured agents' choices `[B,K,..]` over all agents."""
        ones = torch.ones_like(delta[..., 0])
        scalars = torch.stack(
            [
                ones * 0.0 if log_prob is None else log_prob,
                ones * 0.0 if value is None else value,
                ones,
            ],
            dim=-1,
        )
        spread = scatter_agents(scalars, captured, num_agents)
        choice = scatter_agents(delta, captured, num_agents)
        return Decision(choice, spread[..., 0], spread[..., 1], spread[..., 2] > 0)


class NoiseAttack(Tampering):
    """A random direction of a given length: the control beside a learned attack."""

    kind = "noise"

    def __init__(self, threat: Threat, message_size: int, size: float = 1.0) -> None:
        """`size` is ||m_adv - m_out|| in mean norms of a clean message."""
        super().__init__(threat, message_size)
        self.size = size

    def decide(
        self,
        obs: Tensor,
        memory: Tensor,
        m_in: Tensor,
        sent: Tensor,
        captured: Tensor,
        generator: torch.Generator,
    ) -> Decision:
        """Draws a direction uniformly on the sphere."""
        said = gather_agents(sent, captured)
        noise = torch.randn(said.shape, generator=generator, device=said.device)
        noise = noise / noise.norm(dim=-1, keepdim=True).clamp(min=1e-12)
        offset = noise * self.size * self.message_norm
        if self.threat.mode == "convex":
            # m_adv - m_out = w (delta - m_out): ask for the same offset.
            offset = said + offset / max(self.threat.mix_weight, 1e-12)
        return self._decision(offset, captured, sent.shape[1])


class MuteAttack(Tampering):
    """Zeroes the captured agents' messages: measures how much a team listens."""

    kind = "mute"

    def decide(
        self,
        obs: Tensor,
        memory: Tensor,
        m_in: Tensor,
        sent: Tensor,
        captured: Tensor,
        generator: torch.Generator,
    ) -> Decision:
        """Nothing to choose."""
        said = gather_agents(sent, captured)
        return self._decision(-said, captured, sent.shape[1])

    def apply(self, sent: Tensor, choice: Tensor) -> Tensor:  # type: ignore[override]
        """Silence."""
        return torch.zeros_like(sent)


class AttackInputs(NamedTuple):
    """What `GaussianAttack.evaluate` reads of a rollout."""

    features: Tensor  # [T,B,K,F]
    sent: Tensor  # [T,B,K,D]
    delta: Tensor  # [T,B,K,D]


class GaussianAttack(Tampering):
    """The learned attack xi(delta | tau, m_in, m_out) = N(f_mu(.), Lambda).

    Each of the K captured agents has its own networks and sees only its own history,
    what it heard and what it means to say; none sees the others (assumption 2). Lambda
    is fixed and diagonal.

    Source: paper eq. 1.
    """

    kind = "gaussian"

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
        """Builds K independent policies and critics."""
        super().__init__(threat, message_size)
        self.config = config
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
        self.critic = StackedMLP(threat.num_malicious, (width, *hidden, 1))

    def decide(
        self,
        obs: Tensor,
        memory: Tensor,
        m_in: Tensor,
        sent: Tensor,
        captured: Tensor,
        generator: torch.Generator,
    ) -> Decision:
        """Draws delta for the captured agents."""
        features, _ = self._features(obs, memory, m_in, sent, captured)
        mean = self._mean(features)
        noise = torch.randn(mean.shape, generator=generator, device=mean.device)
        delta = mean + self._std() * noise
        return self._decision(
            delta,
            captured,
            sent.shape[1],
            gaussian_log_prob(delta, mean, self._std()),
            self._value(features),
        )

    def inputs(self, rollout: Step) -> AttackInputs:
        """What learning needs of a rollout `[T,B,...]`, captured agents only."""
        captured = rollout.carry.captured
        fresh = rollout.timestep.fresh[..., None]
        features, said = self._features(
            rollout.timestep.obs,
            rollout.carry.memory.masked_fill(fresh, 0.0),
            rollout.carry.m_in.masked_fill(fresh, 0.0),
            rollout.wire.sent,
            captured,
        )
        delta = gather_agents(rollout.wire.attack.choice, captured)
        return AttackInputs(features, said, delta)

    def evaluate(self, inputs: AttackInputs) -> Evaluation:
        """Eq. 1 for PPO: log-densities, values, and the price of the distance.

            auxiliary = alpha E[ (m_out - m_adv)^2 ],  m_adv = bend(m_out, f_mu)

        The distance is differentiated through the mean (Lambda adds a constant), and
        taken before the cap: on the ball's surface its pull would vanish.

        Source: paper eq. 1.
        """
        mean = self._mean(inputs.features)
        log_prob = gaussian_log_prob(inputs.delta, mean, self._std())
        offset = bend(inputs.sent, mean, self.threat) - inputs.sent
        relative = offset.square().sum(-1) / self.message_norm.square()
        price = self.config.alpha * relative.mean()
        return Evaluation(
            log_prob, torch.zeros_like(log_prob), self._value(inputs.features), price
        )

    def _features(
        self, obs: Tensor, memory: Tensor, m_in: Tensor, sent: Tensor, captured: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Own history, heard and meant message of captured agents, and the latter."""
        said = gather_agents(sent, captured)
        heard = squash(gather_agents(m_in, captured))
        own = [gather_agents(part, captured) for part in (obs, memory)]
        return torch.cat([*own, heard, said / self.message_rms], dim=-1), said

    def _mean(self, features: Tensor) -> Tensor:
        return self.config.mean_scale * self.message_rms * self.mean(features)

    def _std(self) -> Tensor:
        return self.config.noise_scale * self.message_rms

    def _value(self, features: Tensor) -> Tensor:
        return self.critic(features).squeeze(-1)


ATTACKS: dict[str, type] = {
    "none": NoAttack,
    "noise": NoiseAttack,
    "mute": MuteAttack,
    "gaussian": GaussianAttack,
}
