"""Sizes of the backbones."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class CommNetConfig:
    """Sizes of `CommNet`.

    Attributes:
      message_size: D.
      memory_size: H, of the GRU.
      delay: steps that a message spends on its way beyond the one built in.
    """

    message_size: int = 64
    memory_size: int = 64
    delay: int = 0

    def __post_init__(self) -> None:
        """Checks ranges."""
        for name in ("message_size", "memory_size"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"commnet.{name} is {getattr(self, name)}, must be at least 1"
                )
        if self.delay < 0:
            raise ValueError(f"commnet.delay is {self.delay}, must be at least 0")


@dataclass(frozen=True)
class NDQConfig:
    """Sizes of `NDQ`.

    Attributes:
      vector_size: d, numbers for each receiver; D = (N - 1) d.
      memory_size: H, of the GRU and of the hidden layers.
      talks: whether messages are heard at all; without, a team of equal size and budget
        that never talks.
      layer_norm: normalise hidden layers (ours: trains faster; off in the published).
      cut_fraction: share of the numbers of a message that are cut in play.
      delay: steps that a message spends on its way.
    """

    vector_size: int = 3
    memory_size: int = 64
    talks: bool = True
    layer_norm: bool = True
    cut_fraction: float = 0.0
    delay: int = 0

    def __post_init__(self) -> None:
        """Checks ranges."""
        for name in ("vector_size", "memory_size"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"ndq.{name} is {getattr(self, name)}, must be at least 1"
                )
        if not 0.0 <= self.cut_fraction < 1.0:
            raise ValueError(
                f"ndq.cut_fraction is {self.cut_fraction}, must lie in [0, 1)"
            )
        if self.delay < 0:
            raise ValueError(f"ndq.delay is {self.delay}, must be at least 0")


@dataclass(frozen=True)
class TarMACConfig:
    """Sizes of `TarMAC`.

    Attributes:
      signature_size: d_k, of signatures and queries.
      value_size: of values, and so of what is heard.
      memory_size: H, of the GRU.
      delay: steps that a message spends on its way beyond the one built in.
    """

    attends: ClassVar[bool] = True  # a guide may name whom to hear

    signature_size: int = 16
    value_size: int = 32
    memory_size: int = 64
    delay: int = 0

    def __post_init__(self) -> None:
        """Checks ranges."""
        for name in ("signature_size", "value_size", "memory_size"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"tarmac.{name} is {getattr(self, name)}, must be at least 1"
                )
        if self.delay < 0:
            raise ValueError(f"tarmac.delay is {self.delay}, must be at least 0")
