"""The rules of Predator-Prey, as settings."""

from dataclasses import dataclass

from games.engine.settings import check, choice, integer, number, refusal
from games.engine.spec import Extent


@dataclass(frozen=True)
class PredatorPreyConfig:
    """The rules of Predator-Prey; the defaults are the paper's task p = 0.

    Attributes:
      punishment: p, paid for each losing catch; 0.0 or -0.5 in the paper.
      grid: rows and columns of the board.
      num_predators: N, the agents.
      num_prey: Q, at most 8: their orders are tabulated.
      view: side of the square an agent sees, odd.
      episode_limit: steps after which the game ends.
      catch_reward: paid to the team for each prey.
      mask_catch: catch is available only next to a prey.
      punish_per: what is charged: "action", each catching predator that helped to
        capture nothing; "prey", each prey beside just one catching predator.
      obs_position: agents see their own row and column.
    """

    punishment: float = number(0.0, most=0)
    grid: int = integer(7, least=2, most=30)
    num_predators: int = integer(3, least=1, most=8)
    num_prey: int = integer(6, least=1, most=8)
    view: int = integer(3, least=1)
    episode_limit: int = integer(60, least=1, most=2**31 - 1)
    catch_reward: float = number(10.0, least=0)
    mask_catch: bool = True
    punish_per: str = choice("action", ("action", "prey"))
    obs_position: bool = True

    def __post_init__(self) -> None:
        """Refuses values outside of the rules."""
        check(self)
        free = self.grid**2 - self.num_predators
        if self.num_prey > free:
            raise refusal(
                "num_prey", self.num_prey, f"at most {free}, the cells that are left"
            )
        views = range(1, 2 * self.grid, 2)
        if self.view not in views:
            raise refusal("view", self.view, f"one of {', '.join(map(str, views))}")

    @property
    def most_losing(self) -> int:
        """Returns how many punishments a step may bring at most."""
        return self.num_predators if self.punish_per == "action" else self.num_prey

    @property
    def extent(self) -> Extent:
        """Returns the size; the predators are the agents."""
        return Extent(self.num_predators, self.episode_limit)
