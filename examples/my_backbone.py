"""A backbone as a plugin: agents say what they remember, and hear the loudest word.

psro-comm train_team --plugin=examples/my_backbone.py --task=echo --budget=smoke \
        --backbone=loudest --loudest.memory_size=16 --run=loud
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

import psro_comm as pc


@dataclass(frozen=True)
class LoudestConfig:
    """The sizes of `Loudest`.

    Attributes:
      memory_size: H, and D.
      delay: steps that a message spends on its way beyond the one built in.
    """

    memory_size: int = pc.integer(16, least=1)
    delay: int = pc.integer(0, least=0)

    def __post_init__(self) -> None:
        """Checks ranges."""
        pc.check(self)


class Loudest(pc.Talking):
    """m_out = h, m_in = of each number the largest one heard, h = GRU(o, m_in)."""

    def __init__(self, config: LoudestConfig, *, obs_size: int, num_actions: int):
        super().__init__()
        self.config, self.delay, self.sampled = config, config.delay, True
        size = config.memory_size
        self.message_size = self.heard_size = self.memory_size = size
        self.recur = nn.GRUCell(obs_size + size, size)
        self.policy = nn.Linear(size, num_actions)
        self.reserve_statistics(size)

    def speak(self, obs: Tensor, memory: Tensor, generator: torch.Generator) -> Tensor:
        return memory

    def listen(self, obs: Tensor, memory: Tensor, heard: Tensor, links: Tensor):
        words = heard[:, None].masked_fill(~links[..., None], -torch.inf)
        return words.amax(dim=2).nan_to_num(neginf=0.0)  # 0 where nobody is heard

    def think(self, obs: Tensor, m_in: Tensor, memory: Tensor) -> Tensor:
        seen = torch.cat([obs, m_in], -1).flatten(0, -2)
        return self.recur(seen, memory.flatten(0, -2)).view_as(memory)

    def act(self, memory: Tensor, available: Tensor) -> Tensor:
        return self.policy(memory).masked_fill(~available, -torch.inf)


pc.BACKBONES["loudest"] = pc.Entry(Loudest, LoudestConfig)
