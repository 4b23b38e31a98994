"""A meta-game as data: named policies, mean payoffs and their standard errors.

An analysis uses it where a run uses `PayoffTable`: the payoffs may come from a run,
from Gambit or from a spreadsheet, with standard errors or without.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np

from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.solvers.checks import LARGEST, check_size


@dataclass(frozen=True, eq=False)
class MetaGame:
    """A zero-sum matrix game between named policies.

    Attributes:
      defenders: names of the m rows; the defender maximises.
      attackers: names of the n columns.
      mean: `[m, n]` payoff to the defender; the attacker is paid its negative.
      std_error: `[m, n]` standard errors of the means; None if not known.
      episodes: `[m, n]` episodes behind each mean; None if not known.
      returns: `[m, n, W]` returns by world, NaN if not played; None if not known.
      title: the game's title.
      notes: what its reader understood of the file, in words.

    Raises:
      ValueError: a title or a name that is no text, a name twice, shapes that do not
        fit, a mean that is not finite, a standard error that is negative or not finite,
        episodes that are no count, or payoffs whose products are no doubles.
    """

    defenders: tuple[str, ...]
    attackers: tuple[str, ...]
    mean: np.ndarray
    std_error: np.ndarray | None = None
    episodes: np.ndarray | None = None
    returns: np.ndarray | None = None
    title: str = "meta-game"
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copies everything to read-only arrays, and checks it."""
        if not isinstance(self.title, str):
            raise ValueError(f"the title is {self.title!r}, must be a text")
        for side in ("defenders", "attackers"):
            names = _distinct(side, getattr(self, side))
            object.__setattr__(self, side, names)
        shape = (len(self.defenders), len(self.attackers))
        for name in ("mean", "std_error", "episodes", "returns"):
            given = getattr(self, name)
            if given is None:
                continue
            array = np.array(given, dtype=np.float64)
            if array.shape[:2] != shape or array.ndim != (
                3 if name == "returns" else 2
            ):
                raise ValueError(f"{shape} names need such a {name}, got {array.shape}")
            if name != "returns":
                self._check_cells(name, array)
            if name == "mean":
                check_size(array)
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    def _check_cells(self, name: str, array: np.ndarray) -> None:
        bad = ~np.isfinite(array) if name == "mean" else ~(array >= 0)
        bad |= array > LARGEST if name == "std_error" else False
        if name == "episodes":
            bad |= (array != np.round(array)) | (array < 1)
        for i, j in np.argwhere(bad | np.isinf(array)):
            cell = f"({self.defenders[i]}, {self.attackers[j]})"
            raise ValueError(f"the {name} of {cell} is {array[i, j]}")

    @classmethod
    def of(cls, table: PayoffTable, title: str = "meta-game") -> Self:
        """Returns the meta-game of a run's table.

        Raises:
          ValueError: a cell was never played.
        """
        std_error = table.std_error()
        known = np.isfinite(std_error).all()
        return cls(
            table.defenders,
            table.attackers,
            table.mean(),
            std_error if known else None,
            table.episodes(),
            table.returns,
            title,
        )


def _distinct(side: str, given: Iterable[str]) -> tuple[str, ...]:
    """Returns names of one side, if they may be.

    Raises:
      ValueError: there is none, or one is no text, empty, or there twice.
    """
    names = tuple(given)
    if not names:
        raise ValueError(f"there are no {side}: it needs distinct names of both sides")
    for name, count in Counter(names).items():
        if not isinstance(name, str) or not name or count > 1:
            raise ValueError(f"{side} must be distinct names, got {name!r} {count}x")
    return names
