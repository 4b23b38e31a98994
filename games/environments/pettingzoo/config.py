"""The settings of PettingZoo's environments: which one, and how it is played."""

import ast
from dataclasses import dataclass
from typing import Any

from games.engine.settings import check, choice, integer, refusal

NO_PETTINGZOO = "pip install pettingzoo gymnasium"


@dataclass(frozen=True)
class PettingZooConfig:
    """The settings of a parallel environment of PettingZoo, or of anybody's.

    There is no `extent`: only the environment knows its agents.

    Attributes:
      make: where it is made, `MODULE` (its `parallel_env`) or `MODULE:FUNCTION`.
      arguments: of that function, such as `N=3;max_cycles=25`.
      episode_limit: the most steps of an episode; a longer one ends there.
      team_reward: what the team is paid: the mean of its agents' rewards, or their sum.
      num_games: most games side by side, each a copy of the environment.
    """

    make: str = "mpe2.simple_spread_v3"
    arguments: str = ""
    episode_limit: int = integer(25, least=1)
    team_reward: str = choice("mean", ("mean", "sum"))
    num_games: int = integer(64, least=1)

    def __post_init__(self) -> None:
        """Checks ranges, and that the arguments can be read."""
        check(self)
        self.keywords()

    def keywords(self) -> dict[str, Any]:
        """Returns the arguments by name.

        Raises:
          ValueError: something that is no `NAME=VALUE`, values being Python's literals.
        """
        found = {}
        for part in filter(None, self.arguments.split(";")):
            name, equals, text = part.partition("=")
            try:
                if not (equals and name.isidentifier()):
                    raise ValueError
                found[name] = ast.literal_eval(text)
            except (ValueError, SyntaxError):
                words = "NAME=VALUE;..., each value a literal of Python"
                raise refusal("arguments", self.arguments, words) from None
        return found
