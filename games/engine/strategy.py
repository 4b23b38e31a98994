"""The strategies of the game over messages: the interfaces of attacks and filters.

Both answer a view with a decision. What they keep from step to step is a tensor that is
passed in and given back, so that learning can unroll it again.

Source: paper section 3.1 (xi) and 3.3 (zeta).
"""

from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from games.engine.side import Side
from games.engine.view import AttackView, FilterView


class Decision(NamedTuple):
    """What a strategy decided at one step, and what PPO needs to know of it.

    P is K, the malicious agents, for an attack, and N for a filter and on the wire.
    """

    choice: Tensor  # attack: delta [B,P,D];  filter: flag [B,N] in {0., 1.}
    log_prob: Tensor  # [B,P]
    value: Tensor  # [B,P]
    active: Tensor  # [B,P] bool; False where this strategy does nothing

    def suspicion(self) -> Tensor:
        """Returns how likely a filter was to flag each message, `[B,N]` in [0, 1].

        A filter that decides without chance is sure: 0 or 1.
        """
        drawn = self.log_prob.exp()
        return torch.where(self.choice > 0, drawn, 1.0 - drawn) * self.active


class Forgery(NamedTuple):
    """An attack's answer to a view: its decision and its memory."""

    decision: Decision
    memory: Tensor  # [B,K,S] what it takes to the next step


class Verdict(NamedTuple):
    """A filter's answer to a view: its decision, repaired messages and its memory."""

    decision: Decision
    repaired: Tensor  # [B,N,D] what flagged messages are replaced by
    memory: Tensor  # [B,N,S] what it takes to the next step


class Attack(Protocol):
    """A strategy xi of the attacker: bends the messages of malicious agents.

    One that keeps what it drew in `reset` also has `at(index)`: a copy that knows some
    of its environments only.
    """

    kind: str  # its name in ATTACKS
    memory_size: int  # S, numbers that it keeps for each malicious agent
    knowledge: str  # what it needs to be shown: own or white_box, see `Threat`

    def reset(self, done: Tensor, generator: torch.Generator) -> None:
        """Draws what is fixed for an episode, where `done` [B] says that one starts."""

    def decide(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> Forgery:
        """Draws delta ~ xi( . | tau, m_in, m_out) for the malicious agents.

        Args:
          view: what the attack is shown.
          memory: `[B,K,S]` of the attack, zero where an episode starts.
          generator: the policies' randomness.

        Returns:
          A decision, rows `[B,K]`, and the memory. The channel makes m_adv of delta.
        """


class Filter(Protocol):
    """A strategy zeta of the defender: flags messages and replaces the flagged.

    One that keeps what it drew in `reset` has an `at`, as `Attack` says.
    """

    kind: str  # its name in FILTERS
    memory_size: int  # S, numbers that it keeps for each sender
    observes: bool  # whether it is shown what the receivers observe

    def reset(self, done: Tensor, generator: torch.Generator) -> None:
        """Draws what is fixed for an episode, where `done` [B] says that one starts."""

    def decide(
        self, view: FilterView, memory: Tensor, generator: torch.Generator
    ) -> Verdict:
        """Draws a flag x_i ~ h_d( . | m_i) for each message, and repairs it, g_r(m_i).

        Args:
          view: what the filter is shown.
          memory: `[B,N,S]` of the filter, zero where an episode starts.
          generator: the policies' randomness.
        """


class NoAttack:
    """The null attack: changes nothing. Index 0 of every attacker population."""

    kind = "none"
    side = Side.ATTACKER
    memory_size = 0
    knowledge = "own"

    @classmethod
    def new(cls, setting: Any, config: None = None) -> "NoAttack":
        """Returns the null attack, whatever the game."""
        return cls()

    def arguments(self) -> dict[str, Any]:
        """Returns no arguments: none are needed to rebuild it."""
        return {}

    rebuild = new

    def reset(self, done: Tensor, generator: torch.Generator) -> None:
        """Does nothing."""

    def decide(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> Forgery:
        """Returns a decision that is inactive everywhere."""
        return Forgery(idle(torch.zeros_like(view.sent), view.sent), memory)


class NoFilter:
    """The null filter: changes nothing. Index 0 of every defender population."""

    kind = "none"
    side = Side.DEFENDER
    memory_size = 0
    observes = False

    @classmethod
    def new(cls, setting: Any, config: None = None) -> "NoFilter":
        """Returns the null filter, whatever the game."""
        return cls()

    def arguments(self) -> dict[str, Any]:
        """Returns no arguments: none are needed to rebuild it."""
        return {}

    rebuild = new

    def reset(self, done: Tensor, generator: torch.Generator) -> None:
        """Does nothing."""

    def decide(
        self, view: FilterView, memory: Tensor, generator: torch.Generator
    ) -> Verdict:
        """Returns a decision that is inactive everywhere."""
        flags = torch.zeros_like(view.messages[..., 0])
        return Verdict(idle(flags, view.messages), view.messages, memory)


def idle(choice: Tensor, message: Tensor) -> Decision:
    """Returns the decision to do nothing, about messages `[B,P,D]`."""
    zeros = torch.zeros_like(message[..., 0])
    return Decision(choice, zeros, zeros, torch.zeros_like(zeros, dtype=torch.bool))
