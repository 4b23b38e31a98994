"""The attack that says old messages again."""

from typing import Any

import torch
from torch import Tensor

from games.engine.threat import Threat
from games.engine.view import AttackView
from oracles.strategies.attacks.config import ReplayConfig
from oracles.strategies.attacks.tampering import Tampering


class ReplayAttack(Tampering):
    """Says again what the same agent meant to say k steps ago: m_adv_t = m_out_{t-k}.

    In its first k steps an agent says its first message again. Each message on its own
    is a clean one, so that nothing in it gives the lie away.
    """

    kind = "replay"
    settings = ReplayConfig

    def __init__(self, threat: Threat, message_size: int, **settings: Any) -> None:
        """Prepares to remember k messages, newest first, and how many are known."""
        super().__init__(threat, message_size, **settings)
        self.memory_size = self.config.steps * message_size + 1

    def offset(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Moves each message to the oldest that is remembered."""
        steps, sent = self.config.steps, view.sent
        known = memory[..., -1].masked_fill(view.fresh, 0.0)  # [B,K]
        past = memory[..., :-1].unflatten(-1, (steps, -1))  # [B,K,k,D]
        spoken = torch.cat([sent[..., None, :], past], dim=-2)  # [B,K,k+1,D]
        oldest = known.long()[..., None, None].expand_as(sent[..., None, :])
        said = spoken.gather(-2, oldest).squeeze(-2)
        kept = spoken[..., :-1, :].flatten(-2)
        count = (known + 1.0).clamp(max=steps)[..., None]
        return said - sent, torch.cat([kept, count], dim=-1)
