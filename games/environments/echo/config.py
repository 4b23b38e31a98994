"""The rules of Echo, as settings."""

from dataclasses import dataclass

from games.engine.settings import check, integer
from games.engine.spec import Extent


@dataclass(frozen=True)
class EchoConfig:
    """The rules of Echo.

    Attributes:
      episode_limit: steps of an episode, the unpaid first one included.
    """

    episode_limit: int = integer(9, least=2)

    def __post_init__(self) -> None:
        """Checks the limit."""
        check(self)

    @property
    def extent(self) -> Extent:
        """Returns the size: two agents, the speaker and the listener."""
        return Extent(num_agents=2, episode_limit=self.episode_limit)
