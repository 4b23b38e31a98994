"""The sizes of the backbones."""

from dataclasses import dataclass
from typing import ClassVar

from games.engine.settings import check, integer, number


@dataclass(frozen=True)
class CommNetConfig:
    """The sizes of `CommNet`.

    Attributes:
      message_size: D, the numbers in a message.
      memory_size: H, the size of the GRU.
      delay: steps that a message spends on its way beyond the one built in.
    """

    message_size: int = integer(64, least=1)
    memory_size: int = integer(64, least=1)
    delay: int = integer(0, least=0)

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)


@dataclass(frozen=True)
class NDQConfig:
    """The sizes of `NDQ`.

    Attributes:
      vector_size: d, numbers for each receiver; D = (N - 1) d.
      memory_size: H, the size of the GRU and of the hidden layers.
      talks: whether messages are heard at all; without, a team of equal size and budget
        that never talks.
      layer_norm: normalise hidden layers (ours: trains faster; off in the published).
      cut_fraction: share of the numbers of a message that are cut in play.
      delay: steps that a message spends on its way.
    """

    vector_size: int = integer(3, least=1)
    memory_size: int = integer(64, least=1)
    talks: bool = True
    layer_norm: bool = True
    cut_fraction: float = number(0.0, least=0, below=1)
    delay: int = integer(0, least=0)

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)


@dataclass(frozen=True)
class TarMACConfig:
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

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)
