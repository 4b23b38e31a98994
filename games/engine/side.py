"""The two sides of the game over messages. This module needs no torch."""

from enum import IntEnum


class Side(IntEnum):
    """A side: the defender maximises the team's return, the attacker minimises it.

    The numbers are OpenSpiel's: the defender is player 0, the row of every table.
    """

    DEFENDER = 0
    ATTACKER = 1

    @property
    def strategy(self) -> str:
        """Returns what it plays, `filter` or `attack`, as names and files have it."""
        return ("filter", "attack")[self]

    @property
    def sign(self) -> float:
        """Returns 1 or -1: the side's reward is `sign` times the team's (eq. 1)."""
        return (1.0, -1.0)[self]

    @property
    def other(self) -> "Side":
        """Returns the opposite side."""
        return Side(1 - self)

    @classmethod
    def of(cls, strategy: str) -> "Side":
        """Returns the side that plays a `filter` or an `attack`.

        Raises:
          ValueError: any other word.
        """
        for side in cls:
            if side.strategy == strategy:
                return side
        raise ValueError(f"strategy is {strategy!r}, must be filter or attack")
