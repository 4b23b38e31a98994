"""The two players of the game over messages. Needs no torch."""

from enum import IntEnum


class Side(IntEnum):
    """A player: the defender maximises the team's return, the attacker minimises it.

    The numbers are OpenSpiel's: the defender is player 0, the row of every table.
    """

    DEFENDER = 0
    ATTACKER = 1

    @property
    def strategy(self) -> str:
        """What it plays, `filter` or `attack`: the word in names, files and metrics."""
        return ("filter", "attack")[self]

    @property
    def sign(self) -> float:
        """Its reward is `sign` times the team's: the one place where eq. 1 flips it."""
        return (1.0, -1.0)[self]

    @property
    def other(self) -> "Side":
        """Its opponent."""
        return Side(1 - self)

    @classmethod
    def of(cls, strategy: str) -> "Side":
        """The side that plays a `filter` or an `attack`.

        Raises:
          ValueError: any other word.
        """
        for side in cls:
            if side.strategy == strategy:
                return side
        raise ValueError(f"strategy is {strategy!r}, must be filter or attack")
