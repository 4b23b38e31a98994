"""The settings of StarCraft II: the map, what agents see, and limits for its games."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from games.engine.settings import check, choice, integer, number
from games.environments.combat.maps import MAPS


class NDQMap(NamedTuple):
    """A scenario that SMAC's own registry lacks.

    `extra` agents are made by debug command: the file on disk has fewer.
    """

    file: str
    agents: int
    enemies: int
    limit: int
    bot_race: str
    map_type: str
    extra: int = 0

    def parameters(self) -> dict[str, Any]:
        """Returns the map's entry in SMAC's registry."""
        return {
            "n_agents": self.agents,
            "n_enemies": self.enemies,
            "limit": self.limit,
            "a_race": "Z",
            "b_race": self.bot_race,
            "unit_type_bits": 2,
            "map_type": self.map_type,
        }


NDQ_MAPS = {
    "3bane_vs_hM": NDQMap("bane_vs_hM", 3, 2, 30, "T", "bZ_hM"),
    "4bane_vs_hM": NDQMap("bane_vs_hM", 4, 2, 30, "T", "bZ_hM", extra=1),
    "1o_2r_vs_4r": NDQMap("1o_2r_vs_4r", 3, 4, 50, "Z", "overload_roach"),
    "1o_3r_vs_4r": NDQMap("1o_2r_vs_4r", 4, 4, 50, "Z", "overload_roach", extra=1),
}


@dataclass(frozen=True)
class SmacConfig:
    """The rules of SMAC and the limits for its games; a value of none is the map's own.

    There is no `extent`: only SMAC knows a map's number of agents and episode limit.

    Attributes:
      map: a key of `NDQ_MAPS` or a map that SMAC knows.
      difficulty: level of the built-in opponent, "1" to "9" or "A"; "5" is hard.
      sight_range, shoot_range: how far agents see, and choose whom to attack, in
        cells; 2 and 2 on the baneling maps, else SMAC's 9 and 6.
      all_health: agents see other units' health; not on the baneling maps.
      own_position: agents see where they are, as in `CombatConfig`.
      num_games: most games side by side, each a process of about 1 GB.
      timeout_s: seconds after which a step that has no answer counts as hung.
      max_restarts: the most restarts of one game after crashes, while the program runs.
      memory_limit_mb: a game that holds more is restarted between episodes.
    """

    map: str = "3bane_vs_hM"
    difficulty: str = choice("5", tuple("123456789A"))
    sight_range: float | None = number(None, above=0)
    shoot_range: float | None = number(None, above=0)
    all_health: bool | None = None
    own_position: bool = False
    num_games: int = integer(4, least=1)
    timeout_s: float = number(60.0, above=0)
    max_restarts: int = integer(5, least=0)
    memory_limit_mb: int = integer(4096, least=1)

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)

    def sight(self) -> float:
        """Returns how many cells far an agent sees."""
        return self._own(self.sight_range, "sight", 9.0)

    def shoot(self) -> float:
        """Returns within how many cells an agent may choose to attack."""
        return self._own(self.shoot_range, "shoot", 6.0)

    def shows_health(self) -> bool:
        """Returns whether agents see the health of others."""
        return self._own(self.all_health, "all_health", True)

    def _own(self, given: Any, name: str, default: Any) -> Any:
        if given is not None:
            return given
        return getattr(MAPS[self.map], name) if self.map in MAPS else default
