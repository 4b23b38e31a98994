"""Teams written by hand, whose every value is known."""

import torch
from torch import Tensor


class Parrots:
    """Plays Echo perfectly: the speaker says its bit, the listener repeats it.

    The message is the bit seen one step before, -1 or 1; muted, the listener cannot
    tell and flips a coin.
    """

    message_size = heard_size = 1
    memory_size = 1
    delay = 0
    sampled = True

    def __init__(self) -> None:
        self.message_norm = torch.ones(())
        self.message_rms = torch.ones(1)
        self.message_mean = torch.zeros(1)
        self.message_std = torch.ones(1)

    def speak(self, obs: Tensor, memory: Tensor, generator: torch.Generator) -> Tensor:
        return memory[..., :1]

    def listen(
        self, obs: Tensor, memory: Tensor, heard: Tensor, links: Tensor
    ) -> Tensor:
        return links.to(heard.dtype) @ heard

    def think(self, obs: Tensor, m_in: Tensor, memory: Tensor) -> Tensor:
        """The speaker keeps its bit; the listener keeps what it hears."""
        is_speaker = obs[..., :1] > 0
        return torch.where(is_speaker, obs[..., 2:], m_in)

    def act(self, memory: Tensor, available: Tensor) -> Tensor:
        certain = 1000.0 * memory
        return torch.cat([-certain, certain], dim=-1)
