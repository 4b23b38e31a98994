"""The attack that lets the team's own network speak of what it did not quite see."""

from typing import Any

import torch
from torch import Tensor, nn

from games.engine.threat import Threat
from games.engine.view import AttackView
from oracles.strategies.attacks.config import FakeConfig
from oracles.strategies.attacks.impostor import Impostor


class FakeSelf(Impostor):
    """Sees every number of an observation stretched and shifted, always the same way.

        o' = (1 + scale * g) o + scale * b

    Each of the K malicious agents has its own g and b, `[K,O]`, zero at the start,
    which tells the truth. It draws nothing and has no density, so that PPO cannot train
    it; the oracle `es` can.
    """

    kind = "fake_self"
    settings = FakeConfig

    def __init__(
        self, threat: Threat, message_size: int, *, sizes: list[int], **settings: Any
    ) -> None:
        """Prepares copies that see what is there; see `Impostor`."""
        super().__init__(threat, message_size, sizes=sizes, **settings)
        shape = threat.num_malicious, sizes[1]
        self.stretch = nn.Parameter(torch.zeros(shape))  # g
        self.shift = nn.Parameter(torch.zeros(shape))  # b

    def invent(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Stretches and shifts what was seen."""
        bent = view.obs * self.stretch + self.shift
        return view.obs + self.config.scale * bent, memory
