"""A toy attack in one file: says the opposite, so many times as large."""

from dataclasses import dataclass

from games.engine.registry import Entry
from games.engine.settings import check, number
from oracles.strategies.attacks.tampering import Tampering
from oracles.strategies.registry import ATTACKS


@dataclass(frozen=True)
class FlipConfig:
    """Settings of `Flip`.

    Attributes:
      size: how much larger than what was meant.
    """

    size: float = number(1.0, above=0)

    def __post_init__(self):
        """Checks ranges."""
        check(self)


class Flip(Tampering):
    """m_adv = -size m_out."""

    kind = "flip"

    def __init__(self, threat, message_size, size=1.0):
        super().__init__(threat, message_size)
        self.size = size

    @classmethod
    def new(cls, setting, config=None):
        size = (config or FlipConfig()).size
        attack = cls(setting.threat, setting.team.message_size, size)
        return attack.calibrate(setting.team)

    def arguments(self):
        return {**super().arguments(), "size": self.size}

    def offset(self, view, memory, generator):
        return -(1.0 + self.size) * view.sent, memory


ATTACKS["flip"] = Entry(Flip, FlipConfig, argument="size")
