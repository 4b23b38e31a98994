"""The attack whose lie is a fixed affine function of what was meant."""

import math
from typing import Any, Self

import torch
from torch import Tensor, nn

from games.engine.threat import Threat
from games.engine.view import AttackView
from oracles.learning.nets import StackedMLP, squash
from oracles.strategies.attacks.config import AffineConfig
from oracles.strategies.attacks.tampering import Tampering
from oracles.strategies.recording import record
from oracles.strategies.setting import Setting


class AffineAttack(Tampering):
    """Stretches and shifts each number of a message, the same way at every step.

        m_adv = m_out + a * m_out + scale * rms * (b + f(tau, m_in, m_out))

    Each of the K malicious agents has its own a and b, `[K,D]` without a unit; rms is
    that of a clean message's numbers, `[D]`. Both are zero at the start, which bends
    nothing: a = -2 says the negative, a = -1 says b alone. Started at the mirror, a is
    -2 and b the message's mean twice. f is a tanh network of one hidden layer, zero at
    the start, and absent where `hidden` is 0. It draws nothing and has no density, so
    that PPO cannot train it; the oracle `es` can.
    """

    kind = "affine"
    settings = AffineConfig
    broadcasts = True

    def __init__(
        self, threat: Threat, message_size: int, *, width: int = 0, **settings: Any
    ) -> None:
        """Builds K lies that change nothing.

        Args:
          threat, message_size, **settings: see `Tampering`.
          width: how many numbers tau, m_in and m_out are together; needed by f alone.
        """
        super().__init__(threat, message_size, **settings)
        shape = threat.num_malicious, message_size
        self.width = width
        self.stretch = nn.Parameter(torch.zeros(shape))  # a
        self.shift = nn.Parameter(torch.zeros(shape))  # b
        if self.config.hidden:
            sizes = width, self.config.hidden, message_size
            self.net = StackedMLP(shape[0], sizes, last_gain=0.0)

    @classmethod
    def new(cls, setting: Setting, config: Any = None) -> Self:
        """Builds the lie that `config.start` names, for a game; see `Tampering.new`."""
        team, config = setting.team, config or AffineConfig()
        width = team.memory_size + team.heard_size + team.message_size
        attack = cls._for(setting, config, width=width if config.hidden else 0)
        if config.start == "mirror":
            mean, held = record(setting).mean(), setting.malicious
            about = mean[list(held)] if held else mean.mean(0).expand_as(attack.shift)
            with torch.no_grad():
                attack.stretch.fill_(-2.0)
                attack.shift.copy_(2.0 * about / (config.scale * attack.message_rms))
        return attack

    def arguments(self) -> dict[str, Any]:
        """Returns what `rebuild` needs, as JSON data."""
        return {**super().arguments(), "width": self.width}

    def offset(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Moves each message, by the slot of each malicious agent."""
        shift = self.shift
        if self.config.hidden:
            own = view.memory, squash(view.m_in), view.sent / self.message_rms
            # A weight of 1 for each of many inputs would saturate every unit.
            shift = shift + self.net(torch.cat(own, -1) / math.sqrt(self.width))
        unit = self.config.scale * self.message_rms
        return self.stretch * view.sent + unit * shift, memory
