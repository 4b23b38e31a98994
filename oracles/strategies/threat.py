"""Tampering: what the rules let an attacker do to a message, and the simple attacks.

    sum:     m_adv = m_out + delta
    convex:  m_adv = (1 - w) m_out + w delta

Every attack of one game obeys one `Threat`: how delta is applied and how far it may
bend a message are rules of the game, not choices of a policy.

Source: paper section 3.1.
"""

import torch
from torch import Tensor, nn

from games.engine.channel import Decision
from games.engine.team import Team
from oracles.strategies.config import Threat


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
    """Zeroes the captured agents' messages: measures how much a team listens.

    A probe and no player: it obeys no cap.
    """

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
