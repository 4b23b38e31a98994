"""The rules of Predator-Prey, as settings."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PredatorPreyConfig:
    """Rules and sizes; the defaults are the paper's task p = 0.

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

    punishment: float = 0.0
    grid: int = 7
    num_predators: int = 3
    num_prey: int = 6
    view: int = 3
    episode_limit: int = 60
    catch_reward: float = 10.0
    mask_catch: bool = True
    punish_per: str = "action"
    obs_position: bool = True

    def __post_init__(self) -> None:
        """Rejects values outside of the rules."""
        grid = self.grid
        prey = range(1, min(8, grid**2 - self.num_predators) + 1)
        views = range(1, 2 * grid, 2)
        checks = (
            ("punishment", self.punishment <= 0, "a number <= 0"),
            ("grid", grid in range(2, 31), "2..30"),
            ("num_predators", self.num_predators in range(1, 9), "1..8"),
            ("num_prey", self.num_prey in prey, [*prey]),
            ("view", self.view in views, [*views]),
            ("episode_limit", self.episode_limit in range(1, 2**31), "1, 2, ..."),
            ("catch_reward", self.catch_reward >= 0, "a number >= 0"),
            ("punish_per", self.punish_per in ("action", "prey"), "'action', 'prey'"),
        )
        for name, allowed, values in checks:
            if not allowed:
                raise ValueError(f"{name}={getattr(self, name)!r}; allowed: {values}")
