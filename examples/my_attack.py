"""An attack as a plugin: each message, pulled towards nothing.

psro-comm evaluate --plugin=examples/my_attack.py --task=echo --budget=smoke \
        --attacks=none,mine@2 --filters=none
"""

from dataclasses import dataclass

import psro_comm as pc


@dataclass(frozen=True)
class MineConfig:
    """The settings of `Mine`, which are flags and arguments of its name, too.

    Attributes:
      size: how far a message is pulled: 1 is to nothing, 2 to its negative.
    """

    size: float = pc.number(1.0, above=0)

    def __post_init__(self) -> None:
        """Checks ranges."""
        pc.check(self)


class Mine(pc.Tampering):
    """m_adv = (1 - size) m_out."""

    kind = "mine"
    settings = MineConfig

    def offset(self, view: pc.AttackView, memory, generator):
        """Returns how to move the messages of K liars, `[B,K,D]`, and the memory."""
        return -self.config.size * view.sent, memory


pc.ATTACKS["mine"] = pc.Entry(Mine, MineConfig, argument="size")
