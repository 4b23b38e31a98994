"""A team and two interveners written by hand, whose every value is known."""

from typing import Any

import torch
from torch import Tensor

from games.engine.channel import Decision
from games.engine.env import TimeStep

CAUGHT = (0,)  # Echo's speaker: what the listener says changes nothing


class Parrots:
    """Plays Echo perfectly: the speaker says its bit, the listener repeats it.

    The message is the bit seen one step before, -1 or 1, `message_size` times over;
    muted, the listener cannot tell and flips a coin.
    """

    memory_size = 1
    sampled = True

    def __init__(self, message_size: int = 1, delay: int = 0) -> None:
        self.message_size = self.heard_size = message_size
        self.delay = delay
        self.message_norm = torch.tensor(float(message_size)).sqrt()
        self.message_rms = torch.ones(message_size)
        self.message_mean = torch.zeros(message_size)
        self.message_std = torch.ones(message_size)

    def speak(self, obs: Tensor, memory: Tensor, generator: torch.Generator) -> Tensor:
        return memory.expand(*memory.shape[:-1], self.message_size)

    def listen(
        self, obs: Tensor, memory: Tensor, heard: Tensor, links: Tensor
    ) -> Tensor:
        return links.to(heard.dtype) @ heard

    def think(self, obs: Tensor, m_in: Tensor, memory: Tensor) -> Tensor:
        """The speaker keeps its bit; the listener keeps what it hears."""
        is_speaker = obs[..., :1] > 0
        return torch.where(is_speaker, obs[..., 2:], m_in.mean(-1, keepdim=True))

    def act(self, memory: Tensor, available: Tensor) -> Tensor:
        certain = 1000.0 * memory
        return torch.cat([-certain, certain], dim=-1)


class _Still:
    def reset(self, done: Tensor, generator: torch.Generator) -> None:
        """Nothing to forget."""


class Attacker(_Still):
    """Adds `offset` to the messages of captured agents, and `noise` to all others.

    What it makes of a message that it does not hold must reach nobody, even NaN.
    """

    kind = "hand_made"

    def __init__(self, offset: float, others: float = 0.0) -> None:
        self.offset, self.others = offset, others

    def decide(self, *inputs: Any) -> Decision:
        *_, sent, captured, _ = inputs
        active = torch.zeros_like(sent[..., 0]).scatter(1, captured, 1.0) > 0
        choice = torch.full_like(sent, self.others)
        choice = torch.where(active[..., None], self.offset, choice)
        zeros = torch.zeros_like(sent[..., 0])
        return Decision(choice, zeros, zeros, active)

    def apply(self, sent: Tensor, choice: Tensor) -> Tensor:
        return sent + choice


class Liar(Attacker):
    """Says the opposite of what captured agents mean."""

    kind = "liar"

    def __init__(self) -> None:
        super().__init__(0.0)

    def apply(self, sent: Tensor, choice: Tensor) -> Tensor:
        return -sent


class Mouthwash(_Still):
    """Replaces the messages of agents in `flagged` by `replacement`."""

    kind = "hand_made"

    def __init__(self, flagged: tuple[int, ...], replacement: float) -> None:
        self.flagged, self.replacement = flagged, replacement

    def decide(
        self, tampered: Tensor, alive: Tensor, generator: torch.Generator
    ) -> Decision:
        zeros = torch.zeros_like(tampered[..., 0])
        flag = zeros.clone()
        flag[:, list(self.flagged)] = 1.0
        return Decision(flag, zeros, zeros, torch.ones_like(alive))

    def apply(self, tampered: Tensor, choice: Tensor) -> Tensor:
        return torch.full_like(tampered, self.replacement)


def a_timestep(
    alive: Tensor, *, obs_size: int = 3, num_actions: int = 2, seed: int = 0
) -> TimeStep:
    """Noise as observations; `alive` [B,N] bool, all who live hear each other."""
    batch, num_agents = alive.shape
    generator = torch.Generator().manual_seed(seed)
    shape = (batch, num_agents, obs_size)
    apart = ~torch.eye(num_agents, dtype=torch.bool, device=alive.device)
    zeros = torch.zeros(batch, device=alive.device)
    return TimeStep(
        obs=torch.randn(shape, generator=generator).to(alive.device),
        state=zeros[:, None],
        available=alive[..., None].expand(-1, -1, num_actions) | True,
        alive=alive,
        fresh=torch.zeros_like(alive),
        links=alive[:, :, None] & alive[:, None] & apart,
        reward=zeros,
        agent_reward=zeros[:, None].expand(-1, num_agents),
        done=zeros.bool(),
        success=zeros.bool(),
    )
