"""A team that was made elsewhere, as a plugin: parrots, who play Echo without fault.

psro-comm evaluate --plugin=examples/my_team.py --task=echo --budget=smoke \
        --team=parrots --attacks=none,flip
"""

from dataclasses import dataclass

import torch
from torch import Tensor

import psro_comm as pc


@dataclass(frozen=True)
class ParrotConfig:
    """The sizes of `Parrot`: none that can be chosen."""


class Parrot(pc.Talking):
    """Says the bit that it saw, or repeats the one that it heard; learns nothing."""

    memory_size = message_size = heard_size = 1  # H, D and M
    delay, sampled = 0, False

    def __init__(self, config: ParrotConfig, *, obs_size: int, num_actions: int):
        super().__init__()
        self.config = config
        self.reserve_statistics(self.message_size)

    def speak(self, obs: Tensor, memory: Tensor, generator: torch.Generator) -> Tensor:
        return memory

    def listen(self, obs: Tensor, memory: Tensor, heard: Tensor, links: Tensor):
        return links.to(heard.dtype) @ heard

    def think(self, obs: Tensor, m_in: Tensor, memory: Tensor) -> Tensor:
        speaker = obs[..., :1] > 0  # it is told who it is, and the bit, -1 or 1
        return torch.where(speaker, obs[..., 2:], m_in)

    def act(self, memory: Tensor, available: Tensor) -> Tensor:
        return torch.cat([-memory, memory], dim=-1)


def parrots(env) -> Parrot:
    """Returns the team for an environment; its weights would be loaded here."""
    sizes = {"obs_size": env.spec.obs_size, "num_actions": env.spec.num_actions}
    return Parrot(ParrotConfig(), **sizes)


pc.BACKBONES["parrot"] = pc.Entry(Parrot, ParrotConfig)
pc.TEAMS["parrots"] = pc.Entry(parrots)
