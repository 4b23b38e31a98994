"""The rules that may be chosen."""

from dataclasses import dataclass, field

from games.environments.combat.maps import MAPS


@dataclass(frozen=True)
class CombatConfig:
    """Rules; what is none is the map's own.

    Attributes:
      map: the scenario, a key of `games.environments.combat.maps.MAPS`.
      episode_limit: steps of an episode.
      sight_range, shoot_range: how far agents see, and choose whom to attack, in cells;
        2 and 2 on the baneling maps (NDQ's published settings), else SMAC's 9 and 6.
      all_health: agents see other units' health; not on the baneling maps, likewise.
      own_position: agents see where they are, as in SMACv2. SMAC and NDQ do not show
        it, and an overlord to which all corners look alike has nothing to tell.
      step_mul: game loops in a step.
      move_amount: cells that a step is sent, in units of the map.
      random_delay: reloading takes -1 to 2 loops more, at random, as in the game.
    """

    map: str = field(default="3bane_vs_hM", metadata={"choices": tuple(MAPS)})
    episode_limit: int | None = None
    sight_range: float | None = None
    shoot_range: float | None = None
    all_health: bool | None = None
    own_position: bool = False
    step_mul: int = 8
    move_amount: float = 2.0
    random_delay: bool = True

    def __post_init__(self) -> None:
        """Checks names and ranges."""
        if self.map not in MAPS:
            raise ValueError(f"combat.map is {self.map!r}, must be one of {[*MAPS]}")
        for name in ("episode_limit", "step_mul"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"combat.{name} is {value}, must be at least 1")
        for name in ("sight_range", "shoot_range", "move_amount"):
            value = getattr(self, name)
            if value is not None and not value > 0.0:
                raise ValueError(f"combat.{name} is {value}, must be positive")
