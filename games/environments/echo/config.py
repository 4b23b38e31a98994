"""The rules of Echo, as settings."""

from dataclasses import dataclass

from games.engine.settings import check, integer
from games.engine.spec import Extent


@dataclass(frozen=True)
class EchoConfig:
    """The rules of Echo.

    Attributes:
      episode_limit: steps of an episode, the unpaid first one included.
      speakers: agents that see the bit.
    """

    episode_limit: int = integer(9, least=2)
    speakers: int = integer(1, least=1, most=9)

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)

    @property
    def extent(self) -> Extent:
        """Returns the size: the speakers, and a listener."""
        agents = self.speakers + 1
        return Extent(num_agents=agents, episode_limit=self.episode_limit)
