"""The settings of a team that learns on under lies."""

from dataclasses import dataclass

from games.engine.settings import check, integer, number, refusal, several
from oracles.strategies.liars import LIARS


@dataclass(frozen=True)
class HardeningConfig:
    """The settings of adversarial training: a trained team learns on under lies.

    Attributes:
      start: the run whose team learns on; none trains a team anew, without lies.
      share: part of the episodes in which somebody lies, drawn anew each time.
      rounds: how often attacks are searched on the team of the moment; those found lie
        from then on, beside made-up liars and random fakes.
      search_steps: environment steps of each search.
      families: the families of made-up lies; none is all. Others are left to test on.
    """

    start: str | None = None
    share: float = number(0.5, above=0, most=1)
    rounds: int = integer(2, least=0)
    search_steps: int = integer(100_000, least=1)
    families: tuple[str, ...] | None = several(None, LIARS)

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)
        if self.start == "":
            raise refusal("start", self.start, "the name of a run, or none")
