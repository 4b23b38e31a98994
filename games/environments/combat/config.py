"""The rules of Combat, as settings."""

from dataclasses import dataclass

from games.engine.settings import check, choice, integer, number
from games.engine.spec import Extent
from games.environments.combat.maps import MAPS


@dataclass(frozen=True)
class CombatConfig:
    """The rules of Combat; a value of none is the map's own.

    Attributes:
      map: the scenario, a key of `games.environments.combat.maps.MAPS`.
      episode_limit: steps of an episode.
      sight_range, shoot_range: how far agents see, and choose whom to attack, in cells;
        2 and 2 on the baneling maps (NDQ's published settings), else SMAC's 9 and 6.
      all_health: agents see other units' health; not on the baneling maps, likewise.
      own_position: agents see where they are, as in SMACv2. SMAC and NDQ do not show
        it, but then an overlord cannot tell in which corner it is.
      step_mul: game loops in a step.
      move_amount: cells that a step is sent, in units of the map.
      random_delay: reloading takes -1 to 2 loops more, at random, as in the game.
    """

    map: str = choice("3bane_vs_hM", MAPS)
    episode_limit: int | None = integer(None, least=1)
    sight_range: float | None = number(None, above=0)
    shoot_range: float | None = number(None, above=0)
    all_health: bool | None = None
    own_position: bool = False
    step_mul: int = integer(8, least=1)
    move_amount: float = number(2.0, above=0)
    random_delay: bool = True

    def __post_init__(self) -> None:
        """Checks names and ranges."""
        check(self)

    @property
    def extent(self) -> Extent:
        """Returns the size of the map, with this configuration's episode limit."""
        played, limit = MAPS[self.map], self.episode_limit
        return Extent(
            num_agents=len(played.agents),
            episode_limit=played.episode_limit if limit is None else limit,
        )
