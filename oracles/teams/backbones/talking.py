"""The base of backbones: statistics of clean messages, units of attacks and filters."""

import torch
from torch import Tensor, nn


class Talking(nn.Module):
    """A module with buffers for the statistics of its clean messages.

    `oracles.teams.clean_play.measure_messages` writes them after training.
    """

    message_norm: Tensor  # [] mean norm of a clean message
    message_rms: Tensor  # [D] root mean square of each number
    message_mean: Tensor  # [D]
    message_std: Tensor  # [D]

    def reserve_statistics(self, message_size: int) -> None:
        """Registers the buffers, with values of messages of mean 0 and spread 1."""
        self.register_buffer("message_norm", torch.ones(()))
        self.register_buffer("message_rms", torch.ones(message_size))
        self.register_buffer("message_mean", torch.zeros(message_size))
        self.register_buffer("message_std", torch.ones(message_size))

    def read_by(self, receiver: int, sender: int) -> tuple[int, int]:
        """Returns which numbers are read (`games.engine.team.Team`): here, all."""
        return 0, len(self.message_mean)
