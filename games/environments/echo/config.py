"""The rules of Echo, as settings."""

from dataclasses import dataclass


@dataclass(frozen=True)
class EchoConfig:
    """Parameters of `Echo`.

    Attributes:
      episode_limit: steps of an episode, the unpaid first one included; at least 2.
    """

    episode_limit: int = 9

    def __post_init__(self) -> None:
        """Checks the limit."""
        if self.episode_limit < 2:
            raise ValueError(
                f"echo: episode_limit is {self.episode_limit}, must be at least 2"
            )
