"""A toy attack in one file: says what was meant, so many times as large."""

from dataclasses import dataclass

from games.engine.registry import Entry
from games.engine.settings import check, number
from oracles.strategies.attacks.tampering import Tampering
from oracles.strategies.registry import ATTACKS


@dataclass(frozen=True)
class ShoutConfig:
    """Settings of `Shout`.

    Attributes:
      size: how many times as large as what was meant.
    """

    size: float = number(2.0, above=0)

    def __post_init__(self):
        """Checks ranges."""
        check(self)


class Shout(Tampering):
    """m_adv = size m_out."""

    kind = "shout"
    settings = ShoutConfig

    def offset(self, view, memory, generator):
        return (self.config.size - 1.0) * view.sent, memory


ATTACKS["shout"] = Entry(Shout, ShoutConfig, argument="size")
