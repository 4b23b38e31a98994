"""A toy backbone in one file: everybody hums its memory, and hears the mean."""

from dataclasses import dataclass

import torch
from torch import nn

from games.engine.registry import Entry
from games.engine.settings import check, integer
from oracles.teams.backbones import BACKBONES
from oracles.teams.backbones.talking import Talking


@dataclass(frozen=True)
class HumConfig:
    """Sizes of `Hum`.

    Attributes:
      memory_size: H, and D.
      delay: steps that a message spends on its way beyond the one built in.
    """

    memory_size: int = integer(8, least=1)
    delay: int = integer(0, least=0)

    def __post_init__(self):
        """Checks ranges."""
        check(self)


class Hum(Talking):
    """m_out = h(t-1), m_in = mean of what is heard, h = tanh(W [o, m_in, h])."""

    def __init__(self, config, *, obs_size, num_actions):
        size = config.memory_size
        super().__init__()
        self.reserve_statistics(size)
        self.delay, self.sampled = config.delay, True
        self.message_size = self.heard_size = self.memory_size = size
        self.thought = nn.Linear(obs_size + 2 * size, size)
        self.policy = nn.Linear(size, num_actions)

    def speak(self, obs, memory, generator):
        return memory

    def listen(self, obs, memory, heard, links):
        weight = links.to(heard.dtype)
        return weight @ heard / weight.sum(-1, keepdim=True).clamp(min=1.0)

    def think(self, obs, m_in, memory):
        return self.thought(torch.cat([obs, m_in, memory], -1)).tanh()

    def act(self, memory, available):
        return self.policy(memory).masked_fill(~available, -torch.inf)


BACKBONES["hum"] = Entry(Hum, HumConfig)
