"""The sizes of the backbones."""

import math
from dataclasses import dataclass
from typing import ClassVar

from games.engine.settings import check, integer, number, refusal

MOST_SUBSETS = 512  # that an ensemble asks at every step


@dataclass(frozen=True, kw_only=True)
class HearingConfig:
    """How agents take what they hear, whatever the backbone.

    Attributes:
      talks: whether messages are heard at all; without, a team of equal size and budget
        that never hears, which no lie reaches.
      ensemble: k, the messages of a subset, if agents act by the majority over all
        subsets of k messages; 0 if they act on all messages at once.
      reliability: hidden units of the network by which each receiver weighs each
        message; 0 for none, all messages alike.
    """

    talks: bool = True
    ensemble: int = integer(0, least=0)
    reliability: int = integer(0, least=0)

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)
        if self.ensemble and not self.talks:
            raise refusal("ensemble", self.ensemble, "0 for a team that never hears")

    def check_agents(self, num_agents: int) -> None:
        """Refuses an ensemble that a team of this size cannot be.

        Raises:
          ValueError: there are not k other agents, or too many subsets of them.
        """
        size, others = self.ensemble, num_agents - 1
        if size > others:
            raise refusal("ensemble", size, f"at most {others}, the other agents")
        if math.comb(others, size) > MOST_SUBSETS:
            words = f"smaller: {math.comb(others, size)} subsets, over {MOST_SUBSETS}"
            raise refusal("ensemble", size, words)


@dataclass(frozen=True)
class CommNetConfig(HearingConfig):
    """The sizes of `CommNet`.

    Attributes:
      message_size: D, the numbers in a message.
      memory_size: H, the size of the GRU.
      delay: steps that a message spends on its way beyond the one built in.
    """

    message_size: int = integer(64, least=1)
    memory_size: int = integer(64, least=1)
    delay: int = integer(0, least=0)


@dataclass(frozen=True)
class NDQConfig(HearingConfig):
    """The sizes of `NDQ`.

    Attributes:
      vector_size: d, numbers for each receiver; D = (N - 1) d.
      memory_size: H, the size of the GRU and of the hidden layers.
      layer_norm: normalise hidden layers (ours: trains faster; off in the published).
      cut_fraction: share of the numbers of a message that are cut in play.
      delay: steps that a message spends on its way.
    """

    vector_size: int = integer(3, least=1)
    memory_size: int = integer(64, least=1)
    layer_norm: bool = True
    cut_fraction: float = number(0.0, least=0, below=1)
    delay: int = integer(0, least=0)


@dataclass(frozen=True)
class TarMACConfig(HearingConfig):
    """The sizes of `TarMAC`.

    Attributes:
      signature_size: d_k, the size of signatures and queries.
      value_size: the size of values, and so of what is heard.
      memory_size: H, the size of the GRU.
      delay: steps that a message spends on its way beyond the one built in.
    """

    attends: ClassVar[bool] = True  # a guide may teach it whom to hear

    signature_size: int = integer(16, least=1)
    value_size: int = integer(32, least=1)
    memory_size: int = integer(64, least=1)
    delay: int = integer(0, least=0)
