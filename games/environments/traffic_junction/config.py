"""The rules of Traffic Junction, as settings."""

from dataclasses import dataclass

from games.engine.settings import check, choice, integer, number, refusal
from games.engine.spec import Extent
from games.environments.traffic_junction.maps import LEVELS


@dataclass(frozen=True)
class TrafficJunctionConfig:
    """The rules of Traffic Junction; a value of None is IC3Net's for the level.

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

    level: str = choice("easy", LEVELS)
    num_cars: int | None = integer(None, least=1, most=1000)
    episode_limit: int | None = integer(None, least=1, most=2**31 - 1)
    arrival: float | None = number(None, least=0, most=1)
    view: int = integer(3, least=1)
    lookahead: int = integer(2, least=1, most=9)
    comm_range: int | None = integer(None, least=0)
    time_penalty: float = number(-0.01, most=0)
    collision_penalty: float = number(-10.0, most=0)

    def __post_init__(self) -> None:
        """Refuses values outside of the rules."""
        check(self)
        views = range(1, 2 * LEVELS[self.level].grid, 2)
        if self.view not in views:
            raise refusal("view", self.view, f"one of {', '.join(map(str, views))}")

    @property
    def extent(self) -> Extent:
        """Returns the size; the slots are the agents."""
        return Extent(self.cars, self.limit)

    @property
    def cars(self) -> int:
        """Returns N, the number of slots."""
        given = self.num_cars
        return LEVELS[self.level].num_cars if given is None else given

    @property
    def limit(self) -> int:
        """Returns the steps of an episode."""
        given = self.episode_limit
        return LEVELS[self.level].episode_limit if given is None else given

    @property
    def rate(self) -> float:
        """Returns the probability of an arrival for each entry and step."""
        return LEVELS[self.level].arrival if self.arrival is None else self.arrival
