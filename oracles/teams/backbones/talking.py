"""The base of backbones: statistics of clean messages, and what agents believe.

A receiver may weigh each message by how reliable it holds it to be, a number in (0, 1)
that a small network finds from what the receiver sees and remembers, and from the
message and how it differs from the mean of all. Labels teach it which were forged.

Source: the idea of Yu et al. 2024 (ADMAC): a learnt reliability weighs each message.
"""

from typing import Any

import torch
from torch import Tensor, nn

from oracles.learning.nets import squash

_TRUST = 3.0  # logit with which all messages are held to be true at first


class Talking(nn.Module):
    """A module with buffers for the statistics of its clean messages.

    `oracles.teams.clean_play.measure_messages` writes them after training.
    """

    message_norm: Tensor  # [] mean norm of a clean message
    message_rms: Tensor  # [D] root mean square of each number
    message_mean: Tensor  # [D]
    message_std: Tensor  # [D]
    judges = False  # whether receivers weigh messages

    def reserve_statistics(self, message_size: int) -> None:
        """Registers the buffers, with values of messages of mean 0 and spread 1."""
        self.register_buffer("message_norm", torch.ones(()))
        self.register_buffer("message_rms", torch.ones(message_size))
        self.register_buffer("message_mean", torch.zeros(message_size))
        self.register_buffer("message_std", torch.ones(message_size))

    def read_by(self, receiver: int, sender: int) -> tuple[int, int]:
        """Returns which numbers are read (`games.engine.team.Team`): here, all."""
        return 0, len(self.message_mean)

    def learn_to_judge(self, config: Any, obs_size: int) -> None:
        """Adds the network that weighs messages, after the others were built."""
        self.judges = config.reliability > 0
        if self.judges:
            units, told = config.reliability, obs_size + config.memory_size
            self.receiver = nn.Linear(told, units)
            self.sender = nn.Linear(2 * len(self.message_mean), units, bias=False)
            self.judge = nn.Linear(units, 1)
            nn.init.constant_(self.judge.bias, _TRUST)

    def beliefs(self, obs: Tensor, memory: Tensor, heard: Tensor) -> Tensor:
        """Returns logits `[...,N,N]` of how true receiver j holds sender i to be."""
        own = memory[..., : self.receiver.in_features - obs.shape[-1]]
        said = squash(heard)
        said = torch.cat([said, said - said.mean(-2, keepdim=True)], -1)
        mine = self.receiver(torch.cat([obs, own], -1))
        units = torch.relu(mine[..., :, None, :] + self.sender(said)[..., None, :, :])
        logits: Tensor = self.judge(units).squeeze(-1)
        return logits

    def weights(
        self, obs: Tensor, memory: Tensor, heard: Tensor, links: Tensor
    ) -> Tensor:
        """Returns how much each message counts, `[...,N,N]` in [0, 1].

        That is 1 where j may hear i, if receivers do not judge.
        """
        weights = links.to(heard.dtype)
        if not self.judges:
            return weights
        return weights * torch.sigmoid(self.beliefs(obs, memory, heard))
