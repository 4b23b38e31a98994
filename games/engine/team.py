"""The interface of a team, and `communicate`: one step of talk, thought and scores."""

from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from games.engine.channel import CLEAN, Channel, Memories, Wire, transmit
from games.engine.env import TimeStep
from games.engine.tree import map_tensors
from games.engine.view import Moment


class Team(Protocol):
    """A cooperative team with frozen or learning action and message policies.

    `speak -> (channel) -> listen -> think -> act`, always that way round.
    """

    message_size: int  # D
    memory_size: int  # H
    heard_size: int  # M
    delay: int  # extra steps a message spends on its way; 0 by default
    sampled: bool  # actions are drawn from softmax(scores), else argmax
    message_norm: Tensor  # [] mean norm of a clean message, the unit of distortion
    message_rms: Tensor  # [D] root mean square of each number of a clean message
    message_mean: Tensor  # [D]
    message_std: Tensor  # [D]

    def speak(self, obs: Tensor, memory: Tensor, generator: torch.Generator) -> Tensor:
        """Writes m_out: `[B,N,O]`, `[B,N,H]` -> `[B,N,D]`."""

    def listen(
        self, obs: Tensor, memory: Tensor, heard: Tensor, links: Tensor
    ) -> Tensor:
        """Aggregates m_in = C(heard): ..., `[B,N,D]`, `[B,N,N]` -> `[B,N,M]`."""

    def think(self, obs: Tensor, m_in: Tensor, memory: Tensor) -> Tensor:
        """Updates tau: `[B,N,O]`, `[B,N,M]`, `[B,N,H]` -> `[B,N,H]`."""

    def act(self, memory: Tensor, available: Tensor) -> Tensor:
        """Scores actions: `[B,N,H]`, `[B,N,A]` -> logits or Q `[B,N,A]`."""

    def read_by(self, receiver: int, sender: int) -> tuple[int, int]:
        """Returns which numbers of a sender's message are read: first, and after last.

        For those who read or compare messages; play needs `listen` alone.
        """


class Carry(NamedTuple):
    """What the team and both sides remember from one step to the next."""

    memory: Tensor  # [B,N,H]
    m_in: Tensor  # [B,N,M]
    malicious: Tensor  # [B,K] long; the malicious agents
    in_flight: Tensor  # [B,k,N,D]; messages on their way when there is a delay
    memories: Memories  # of both sides


def start(
    team: Team, malicious: Tensor, num_agents: int, channel: Channel = CLEAN
) -> Carry:
    """Returns the carry of B new episodes.

    Args:
      team: gives the sizes.
      malicious: `[B,K]` long, the malicious agents.
      num_agents: N.
      channel: gives the sizes of what both sides remember.
    """
    size, device = malicious.shape[0], malicious.device
    return Carry(
        memory=torch.zeros(size, num_agents, team.memory_size, device=device),
        m_in=torch.zeros(size, num_agents, team.heard_size, device=device),
        malicious=malicious,
        in_flight=torch.zeros(
            size, team.delay, num_agents, team.message_size, device=device
        ),
        memories=Memories.blank(channel, malicious, num_agents),
    )


def forget(carry: Carry, done: Tensor) -> Carry:
    """Clears what both sides remember where an episode starts, `done` [B] bool.

    The team's own memory is cleared by `communicate`, agent by agent (`fresh`).
    """
    return carry._replace(
        memories=map_tensors(
            lambda leaf: leaf.masked_fill(done.view(-1, *[1] * (leaf.dim() - 1)), 0.0),
            carry.memories,
        )
    )


def communicate(
    team: Team,
    carry: Carry,
    timestep: TimeStep,
    channel: Channel,
    generator: torch.Generator,
) -> tuple[Carry, Wire, Tensor]:
    """Takes one step of a team: speak, transmit, listen, think, act.

    The same function plays (without gradients) and is re-unrolled in training (with
    gradients): the policy that is trained is the one that acts.

    Args:
      team: the backbone.
      carry: what is remembered; the team's part is cleared where an agent is `fresh`.
      timestep: B worlds.
      channel: the attack, the filter and the threat.
      generator: the policies' randomness.

    Returns:
      The next carry, the wire, and scores `[B,N,A]` (-inf where unavailable).

    Source: paper section 2 (m_in = C(m_out)) and figure 2.
    """
    fresh = timestep.fresh[..., None]
    memory = carry.memory.masked_fill(fresh, 0.0)
    last_m_in = carry.m_in.masked_fill(fresh, 0.0)
    sent = team.speak(timestep.obs, memory, generator)
    sent = torch.where(timestep.alive[..., None], sent, 0.0)
    moment = Moment(team, timestep, memory, last_m_in, sent, carry.malicious)
    wire, memories = transmit(moment, channel, carry.memories, generator)
    in_flight, heard = carry.in_flight, wire.heard
    if team.delay:
        in_flight = in_flight.masked_fill(fresh[:, None], 0.0)
        queue = torch.cat([in_flight, heard[:, None]], dim=1)
        heard, in_flight = queue[:, 0], queue[:, 1:]
    m_in = team.listen(timestep.obs, memory, heard, timestep.links)
    thought = team.think(timestep.obs, m_in, memory)
    scores = team.act(thought, timestep.available)
    after = Carry(thought, m_in, carry.malicious, in_flight, memories)
    return after, wire, scores
