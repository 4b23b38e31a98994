"""The channel: from the mouth of a sender to the ear of its listeners.

A message is always `[B, N, D]`: everything agent i emits in one step, the paper's
m_out_i. An attack may replace the messages of captured agents, a filter may replace
any message; both are strategies of the adversarial game, so their Protocols live here
and `oracles/` implements them.

Source: paper section 3, figure 2.
"""

from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from games.engine.env import TimeStep


class Decision(NamedTuple):
    """What an intervener did at one step, and what PPO needs to know of it."""

    choice: Tensor  # attack: delta [B,N,D];  filter: flag [B,N] in {0., 1.}
    log_prob: Tensor  # [B,N]
    value: Tensor  # [B,N]
    active: Tensor  # [B,N] bool; False where this policy does nothing


class Wire(NamedTuple):
    """One use of the channel, from mouth to ear."""

    sent: Tensor  # [B,N,D]  m_out  what the message policies meant
    tampered: Tensor  # [B,N,D]  m_adv  what left the senders
    heard: Tensor  # [B,N,D]  m_hat  what the filter let through
    forged: Tensor  # [B,N] bool  captured and active: the true label of eq. 2
    attack: Decision
    defence: Decision


class Attack(Protocol):
    """A strategy xi of the attacker: bends the messages of captured agents."""

    def reset(self, done: Tensor, generator: torch.Generator) -> None:
        """Tells which of B episodes start anew, `done` [B] bool."""

    def decide(
        self,
        obs: Tensor,
        memory: Tensor,
        m_in: Tensor,
        sent: Tensor,
        captured: Tensor,
        generator: torch.Generator,
    ) -> Decision:
        """Draws delta ~ xi( . | tau, m_in, m_out) for the agents held.

        Args:
          obs, memory: `[B,N,O]`, `[B,N,H]`, tau; only captured rows may be read.
          m_in: `[B,N,M]` what each agent heard last.
          sent: `[B,N,D]` m_out.
          captured: `[B,K]` long, the agents held; one independent network each.
          generator: the policies' randomness.
        """

    def apply(self, sent: Tensor, choice: Tensor) -> Tensor:
        """Bends `sent` by `choice`, both `[B,N,D]`: m_adv."""


class Filter(Protocol):
    """A strategy zeta of the defender: flags messages and replaces the flagged."""

    def reset(self, done: Tensor, generator: torch.Generator) -> None:
        """Tells which of B episodes start anew, `done` [B] bool."""

    def decide(
        self, tampered: Tensor, alive: Tensor, generator: torch.Generator
    ) -> Decision:
        """Draws a flag x_i ~ h_d( . | m_i) for each message `[B,N,D]`."""

    def apply(self, tampered: Tensor, choice: Tensor) -> Tensor:
        """Replaces flagged messages by their reconstruction g_r(m), `[B,N,D]`."""


class NoAttack:
    """The attacker that holds its peace: index 0 of every attacker population."""

    kind = "none"

    def reset(self, done: Tensor, generator: torch.Generator) -> None:
        """Nothing to forget."""

    def decide(
        self,
        obs: Tensor,
        memory: Tensor,
        m_in: Tensor,
        sent: Tensor,
        captured: Tensor,
        generator: torch.Generator,
    ) -> Decision:
        """Does nothing: inactive everywhere."""
        return _idle(torch.zeros_like(sent), sent)

    def apply(self, sent: Tensor, choice: Tensor) -> Tensor:
        """Leaves `sent` as it is."""
        return sent


class NoFilter:
    """The defender that trusts everyone: index 0 of every defender population."""

    kind = "none"

    def reset(self, done: Tensor, generator: torch.Generator) -> None:
        """Nothing to forget."""

    def decide(
        self, tampered: Tensor, alive: Tensor, generator: torch.Generator
    ) -> Decision:
        """Flags nothing: inactive everywhere."""
        return _idle(torch.zeros_like(tampered[..., 0]), tampered)

    def apply(self, tampered: Tensor, choice: Tensor) -> Tensor:
        """Leaves `tampered` as it is."""
        return tampered


def _idle(choice: Tensor, message: Tensor) -> Decision:
    zeros = torch.zeros_like(message[..., 0])
    return Decision(choice, zeros, zeros, torch.zeros_like(zeros, dtype=torch.bool))


def transmit(
    timestep: TimeStep,
    memory: Tensor,
    m_in: Tensor,
    sent: Tensor,
    captured: Tensor,
    attack: Attack,
    filter_: Filter,
    generator: torch.Generator,
) -> Wire:
    """Forges captured messages, flags, reconstructs the flagged.

        m_adv = attack(m_out) where captured,  m_hat = x ? g_r(m_adv) : m_adv

    Messages go through `where`, never through a product, so that nothing of an
    unused branch (not even a NaN) reaches a benign message.

    Args:
      timestep: B worlds.
      memory, m_in: `[B,N,H]`, `[B,N,M]` before this step.
      sent: `[B,N,D]` m_out, zero where dead.
      captured: `[B,K]` long.
      attack, filter_: the two players' strategies.
      generator: the policies' randomness.

    Returns:
      The wire; its `forged` is true where an active attacker spoke.

    Source: paper section 3.1 to 3.3, figure 2.
    """
    alive = timestep.alive
    attacked = attack.decide(timestep.obs, memory, m_in, sent, captured, generator)
    forged = attacked.active & alive
    tampered = torch.where(forged[..., None], attack.apply(sent, attacked.choice), sent)
    defended = filter_.decide(tampered, alive, generator)
    flagged = defended.active & alive & (defended.choice > 0)
    heard = torch.where(
        flagged[..., None], filter_.apply(tampered, defended.choice), tampered
    )
    return Wire(sent, tampered, heard, forged, attacked, defended)
