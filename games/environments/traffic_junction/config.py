"""The rules of Traffic Junction, as settings."""

from dataclasses import dataclass, field

from games.environments.traffic_junction.maps import LEVELS


@dataclass(frozen=True)
class TrafficJunctionConfig:
    """Rules and sizes; what is None is as IC3Net plays the level.

    Attributes:
      level: the map: easy, two one-way roads; medium, two two-way roads; hard, four.
      num_cars: N, slots; None: 5, 10, 20.
      episode_limit: steps of an episode; None: 20, 40, 80.
      arrival: probability of an arrival for each entry and step; None: 0.3, 0.2, 0.05.
      view: side of the square a car sees, odd.
      lookahead: next moves of its route that a car is shown.
      comm_range: a car hears those at most this many rows and columns away; None is
        everybody.
      time_penalty: paid for each step since the arrival, at every step.
      collision_penalty: paid to each car in a shared cell, at every step.
    """

    level: str = field(default="easy", metadata={"choices": tuple(LEVELS)})
    num_cars: int | None = None
    episode_limit: int | None = None
    arrival: float | None = None
    view: int = 3
    lookahead: int = 2
    comm_range: int | None = None
    time_penalty: float = -0.01
    collision_penalty: float = -10.0

    def __post_init__(self) -> None:
        """Rejects values outside of the rules."""
        if self.level not in LEVELS:
            raise ValueError(f"level={self.level!r}; allowed: {[*LEVELS]}")
        views = range(1, 2 * LEVELS[self.level].grid, 2)
        checks = (
            ("num_cars", self.cars in range(1, 1001), "1..1000"),
            ("episode_limit", self.limit in range(1, 2**31), "1, 2, ..."),
            ("arrival", 0 <= self.rate <= 1, "0 to 1"),
            ("view", self.view in views, [*views]),
            ("lookahead", self.lookahead in range(1, 10), "1..9"),
            (
                "comm_range",
                self.comm_range is None or self.comm_range >= 0,
                "none, 0, 1, ...",
            ),
            ("time_penalty", self.time_penalty <= 0, "a number <= 0"),
            ("collision_penalty", self.collision_penalty <= 0, "a number <= 0"),
        )
        for name, allowed, values in checks:
            if not allowed:
                raise ValueError(f"{name}={getattr(self, name)!r}; allowed: {values}")

    @property
    def cars(self) -> int:
        """N, the slots."""
        given = self.num_cars
        return LEVELS[self.level].num_cars if given is None else given

    @property
    def limit(self) -> int:
        """Steps of an episode."""
        given = self.episode_limit
        return LEVELS[self.level].episode_limit if given is None else given

    @property
    def rate(self) -> float:
        """Probability of an arrival for each entry and step."""
        return LEVELS[self.level].arrival if self.arrival is None else self.arrival
