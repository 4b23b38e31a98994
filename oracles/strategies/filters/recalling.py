"""The reconstructor of a filter that remembers: what would this sender say, honestly?

    m_hat_i = r_i + std_i g_r(f_i, state_i)

r_i is what takes the place of a message of sender i where nothing is learnt (`best`).
Unlike eq. 2's g_r of a single message, it knows what the sender said before, what it
was told, and what the others say now.

Source: paper section 3.3, eq. 2.
"""

import torch
from torch import Tensor, nn


class Recaller(nn.Module):
    """The reconstructor g_r, in deviations of a sender's clean messages; from zero."""

    def __init__(self, hidden: int, message_size: int) -> None:
        """Starts with zero for every sender.

        Args:
          hidden: H, the width of what is seen, of what is remembered, and of its layer.
          message_size: D.
        """
        super().__init__()
        last = nn.Linear(hidden, message_size)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.net = nn.Sequential(nn.Linear(2 * hidden, hidden), nn.ReLU(), last)

    def forward(self, features: Tensor, state: Tensor) -> Tensor:
        """Returns g_r, `[...,D]`, of what is seen and remembered, both `[...,H]`."""
        return self.net(torch.cat([features, state], -1))
