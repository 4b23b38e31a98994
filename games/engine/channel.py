"""The channel: carries messages from senders to listeners, past attack and filter.

A message is always `[B, N, D]`: everything agent i emits in one step, the paper's
m_out_i. An attack may bend the messages of malicious agents, a filter may replace any
message (`games.engine.strategy`). How far and how often messages may be bent is a rule
of the game (`Threat`), applied here, once.

Source: paper section 3, figure 2.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from games.engine.strategy import Attack, Decision, Filter, NoAttack, NoFilter, idle
from games.engine.threat import Threat
from games.engine.view import (
    AttackView,
    FilterView,
    Moment,
    WhiteBox,
    gather_agents,
    scatter_agents,
)


class Wire(NamedTuple):
    """One use of the channel: its messages at each stage, and both sides' decisions."""

    sent: Tensor  # [B,N,D]  m_out  what the message policies meant
    tampered: Tensor  # [B,N,D]  m_adv  what left the senders
    heard: Tensor  # [B,N,D]  m_hat  what the filter let through
    forged: Tensor  # [B,N] bool  malicious and active: the true label of eq. 2
    attack: Decision
    defence: Decision


@dataclass(frozen=True)
class Channel:
    """An attack and a filter on the channel, and the rules that they play under.

    Attributes:
      attack, filter_: the strategies of the two sides.
      threat: the rules of what the attack may know and do.
    """

    attack: Attack = field(default_factory=NoAttack)
    filter_: Filter = field(default_factory=NoFilter)
    threat: Threat = field(default_factory=Threat)

    def __post_init__(self) -> None:
        """Refuses an attack that needs to know more than the threat allows."""
        if self.attack.knowledge == "white_box" != self.threat.knowledge:
            raise ValueError(
                f"threat.knowledge is {self.threat.knowledge!r}, must be 'white_box'"
                f" for the attack {self.attack.kind!r}"
            )

    def reset(self, done: Tensor, generator: torch.Generator) -> None:
        """Tells both sides which of B episodes start anew, `done` [B] bool."""
        self.attack.reset(done, generator)
        self.filter_.reset(done, generator)


CLEAN = Channel()  # without attack and without filter


class Memories(NamedTuple):
    """What both sides remember from one step to the next."""

    attack: Tensor  # [B,K,S]
    filter_: Tensor  # [B,N,S]
    credit: Tensor  # [B,K] messages that each malicious agent may still bend

    @classmethod
    def blank(cls, channel: Channel, malicious: Tensor, num_agents: int) -> "Memories":
        """Returns the memories of B new episodes: zeros; `malicious` `[B,K]` long."""
        size, held = malicious.shape

        def zeros(*shape: int) -> Tensor:
            return torch.zeros(size, *shape, device=malicious.device)

        return cls(
            zeros(held, channel.attack.memory_size),
            zeros(num_agents, channel.filter_.memory_size),
            zeros(held),
        )


def bend(sent: Tensor, delta: Tensor, threat: Threat) -> Tensor:
    """Returns m + delta, or (1 - w) m + w delta by `threat.mode`; applies no cap.

    Source: paper section 3.1.
    """
    if threat.mode == "sum":
        return sent + delta
    return (1.0 - threat.mix_weight) * sent + threat.mix_weight * delta


def delta_of(sent: Tensor, offset: Tensor, threat: Threat) -> Tensor:
    """Returns the delta that moves a message by `offset`: the reverse of `bend`."""
    if threat.mode == "sum":
        return offset
    return sent + offset / max(threat.mix_weight, 1e-12)


def project(bent: Tensor, sent: Tensor, radius: Tensor) -> Tensor:
    """Returns the point nearest to `bent` within `radius` of `sent`, `[...,D]`."""
    offset = bent - sent
    distance = offset.norm(dim=-1, keepdim=True)
    shrunk = sent + offset * (radius / distance.clamp(min=1e-12))
    return torch.where(distance > radius, shrunk, bent)


def transmit(
    moment: Moment, channel: Channel, memories: Memories, generator: torch.Generator
) -> tuple[Wire, Memories]:
    """Lets the attack bend malicious messages, and the filter flag and repair them.

        m_adv = bend(m_out, delta) where malicious,  m_hat = x ? g_r(m_adv) : m_adv

    Messages go through `where`, never through a product, so that nothing of an
    unused branch (not even a NaN) reaches a benign message.

    Args:
      moment: B worlds whose agents have spoken.
      channel: the attack, the filter and the threat.
      memories: what both sides remember.
      generator: the policies' randomness.

    Returns:
      The wire, whose `forged` is true where the attack was active, and the memories
      after it.

    Source: paper section 3.1 to 3.3, figure 2.
    """
    tampered, attacked, memories = _forge(moment, channel, memories, generator)
    timestep, filter_ = moment.timestep, channel.filter_
    alive, seen = timestep.alive, timestep.obs if filter_.observes else None
    shown = FilterView(tampered, alive, timestep.fresh, timestep.links, seen)
    verdict = filter_.decide(shown, memories.filter_, generator)
    defended = verdict.decision
    flagged = defended.active & alive & (defended.choice > 0)
    heard = torch.where(flagged[..., None], verdict.repaired, tampered)
    wire = Wire(moment.sent, tampered, heard, attacked.active, attacked, defended)
    return wire, memories._replace(filter_=verdict.memory)


def _forge(
    moment: Moment, channel: Channel, memories: Memories, generator: torch.Generator
) -> tuple[Tensor, Decision, Memories]:
    """Returns m_adv, the attack's decision over all agents, and the memories after it.

    The null attack is shown nothing: a team's training is spared the view's cost.
    """
    threat, sent = channel.threat, moment.sent
    if isinstance(channel.attack, NoAttack):
        return sent, idle(torch.zeros_like(sent), sent), memories
    credit, may_bend = _budget(threat, memories.credit, moment)
    box = None
    if threat.knowledge == "white_box":
        box = WhiteBox(moment, channel.filter_, memories.filter_)
    view = _attack_view(moment, may_bend, box)
    forgery = channel.attack.decide(view, memories.attack, generator)
    bending = forgery.decision.active & may_bend
    attacked = _spread(forgery.decision, bending, moment.malicious, sent.shape[1])
    bent = bend(sent, attacked.choice, threat)
    if threat.cap is not None:
        bent = project(bent, sent, threat.cap * moment.team.message_norm)
    tampered = torch.where(attacked.active[..., None], bent, sent)
    if threat.rate < 1.0:
        credit = credit - bending.to(credit.dtype)
    return tampered, attacked, memories._replace(attack=forgery.memory, credit=credit)


def _budget(threat: Threat, credit: Tensor, moment: Moment) -> tuple[Tensor, Tensor]:
    """Returns the messages that the rate leaves, `[B,K]`, and who may bend one."""
    alive = moment.timestep.alive.gather(1, moment.malicious)
    if threat.rate == 1.0:
        return credit, alive
    # A new agent has spent nothing yet.
    fresh = moment.timestep.fresh.gather(1, moment.malicious)
    credit = credit.masked_fill(fresh, 0.0) + threat.rate * alive
    return credit, alive & (credit > 1.0 - 1e-4)  # sums of floats round


def _attack_view(moment: Moment, may_bend: Tensor, box: WhiteBox | None) -> AttackView:
    """Returns what an attack is shown: the rows of the malicious agents."""
    timestep, malicious = moment.timestep, moment.malicious

    def own(values: Tensor) -> Tensor:
        return gather_agents(values, malicious)

    return AttackView(
        malicious,
        own(timestep.obs),
        own(moment.memory),
        own(moment.m_in),
        own(moment.sent),
        timestep.alive.gather(1, malicious),
        timestep.fresh.gather(1, malicious),
        own(timestep.links),
        own(timestep.available),
        may_bend,
        box,
    )


def _spread(
    decision: Decision, bending: Tensor, malicious: Tensor, num_agents: int
) -> Decision:
    """Spreads a decision of the malicious agents `[B,K,..]` over all, `[B,N,..]`."""
    scalars = torch.stack(
        [decision.log_prob, decision.value, bending.to(decision.value.dtype)], dim=-1
    )
    log_prob, value, active = scatter_agents(scalars, malicious, num_agents).unbind(-1)
    choice = scatter_agents(decision.choice, malicious, num_agents)
    return Decision(choice, log_prob, value, active > 0)
