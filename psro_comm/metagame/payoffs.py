"""The payoff table: the empirical game, with returns of each pair by world.

World w is the same world in every cell (common random numbers), so cells are
correlated; whole samples are kept because intervals of a difference or of the
game's value must resample worlds for all cells together. "NaN is no data, and
stays NaN" is gameanalysis's rule (its `paygame`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

QUANTITIES = ("returns", "success", "distortion")


class Payoff(NamedTuple):
    """The payoff of one cell, with its standard error and its number of episodes."""

    mean: float  # team return, units of the environment; NaN without episodes
    std_error: float  # of the mean; NaN with fewer than two episodes
    episodes: int


@dataclass(frozen=True, eq=False)
class PayoffTable:
    """A payoff table, samples of the empirical game U; updates return a new table.

    Rows are the defender (player 0, maximises the team return), columns the
    attacker. Both are keyed by policy name, so a table outlives its process.

    Attributes:
      defenders: names of the m rows.
      attackers: names of the n columns.
      returns: `[m, n, W]` undiscounted team return in world w; NaN if not played.
      success: `[m, n, W]` 1 where the team succeeded, else 0; NaN if not played.
      distortion: `[m, n, W]` mean distance of forged from meant messages, in mean
        norms of a clean message; NaN if not played.

    Raises:
      ValueError: a name twice, wrong shapes, infinities, or quantities that
        disagree on what was played.

    Source: paper section 4, U of algorithm 1.
    """

    defenders: tuple[str, ...]
    attackers: tuple[str, ...]
    returns: np.ndarray
    success: np.ndarray
    distortion: np.ndarray

    def __post_init__(self) -> None:
        """Copies the samples into read-only float64 arrays and checks them."""
        for side in ("defenders", "attackers"):
            names = tuple(getattr(self, side))
            if len(set(names)) != len(names):
                raise ValueError(f"{side} must be distinct, got {names}")
            object.__setattr__(self, side, names)
        worlds = np.shape(self.returns)[-1:]
        shape = (len(self.defenders), len(self.attackers), *worlds)
        for name in QUANTITIES:
            samples = np.array(getattr(self, name), dtype=np.float64)
            if samples.shape != shape:
                raise ValueError(f"{name} must have shape {shape}, got {samples.shape}")
            if np.isinf(samples).any():
                raise ValueError(f"{name} must be finite or NaN, got an infinity")
            samples.setflags(write=False)
            object.__setattr__(self, name, samples)
            if (np.isnan(samples) != np.isnan(self.returns)).any():
                raise ValueError(f"{name} and returns disagree on what was played")

    @classmethod
    def empty(cls) -> Self:
        """Returns a table without policies and without worlds."""
        return cls((), (), *(np.empty((0, 0, 0)) for _ in QUANTITIES))

    @property
    def num_worlds(self) -> int:
        """The number of worlds in which at least one cell was played, W."""
        return int(self.returns.shape[-1])

    def grown(self, defenders: Iterable[str], attackers: Iterable[str]) -> Self:
        """Returns the table with more policies, whose cells are missing.

        Args:
          defenders: names to append in order; those already in the table are
            skipped, so either the new policies or the whole population will do.
          attackers: names to append in the same way.

        Source: paper algorithm 1, line 8.
        """
        rows = tuple(dict.fromkeys((*self.defenders, *defenders)))
        columns = tuple(dict.fromkeys((*self.attackers, *attackers)))
        shape = (len(rows), len(columns), self.num_worlds)
        samples = {name: _padded(getattr(self, name), shape) for name in QUANTITIES}
        return type(self)(rows, columns, **samples)

    def recorded(
        self,
        cells: Sequence[tuple[str, str]],
        returns: np.ndarray,
        success: np.ndarray,
        distortion: np.ndarray,
        *,
        first_world: int = 0,
    ) -> Self:
        """Returns the table with the outcomes of whole episodes added.

        Args:
          cells: `(defender, attacker)` names.
          returns: `[cells, worlds]` undiscounted team return.
          success: `[cells, worlds]` success, 0 or 1.
          distortion: `[cells, worlds]` distortion.
          first_world: the world of column 0; later columns are the next worlds.

        Raises:
          ValueError: a cell twice, unknown, or already played in one of these
            worlds; wrong shapes; or data that is not finite: a broken simulation
            must stop a run, it is never "missing".

        Source: paper algorithm 1, lines 2 and 10.
        """
        if len(set(cells)) != len(cells):
            raise ValueError(f"each cell may be recorded once, got {cells}")
        rows = [_index(self.defenders, d, "defender") for d, _ in cells]
        columns = [_index(self.attackers, a, "attacker") for _, a in cells]
        data = dict(zip(QUANTITIES, (returns, success, distortion), strict=True))
        last_world = first_world + _check_outcomes(cells, data, first_world)
        shape = (*self.returns.shape[:2], max(self.num_worlds, last_world))
        block = (rows, columns, slice(first_world, last_world))
        samples = {name: _padded(getattr(self, name), shape) for name in QUANTITIES}
        for cell, played in zip(
            cells, np.isfinite(samples["returns"][block]), strict=True
        ):
            if played.any():
                raise ValueError(f"cell {cell} was already played in these worlds")
        for name, outcome in data.items():
            samples[name][block] = outcome
        return type(self)(self.defenders, self.attackers, **samples)

    def missing(self) -> list[tuple[str, str]]:
        """Returns cells without any episode, as `(defender, attacker)`, row by row."""
        empty = np.argwhere(self.episodes() == 0)
        return [(self.defenders[i], self.attackers[j]) for i, j in empty]

    def episodes(self) -> np.ndarray:
        """Returns the number of episodes played in each cell, `[m, n]` int."""
        return np.isfinite(self.returns).sum(axis=-1)

    def mean(self) -> np.ndarray:
        """Returns the mean team return of each cell, `[m, n]`; NaN if missing."""
        return _mean(self.returns)

    def std_error(self) -> np.ndarray:
        """Returns the standard error of `mean`, `[m, n]`; NaN below two episodes.

        s / sqrt(k), s^2 = sum_w (u_w - mean)^2 / (k - 1), k episodes
        """
        episodes = self.episodes()
        deviation = self.returns - self.mean()[..., None]
        squares = np.nansum(deviation**2, axis=-1)
        variance = np.full(episodes.shape, np.nan)
        np.divide(squares, episodes - 1, out=variance, where=episodes > 1)
        return np.sqrt(variance / np.maximum(episodes, 1))

    def mean_distortion(self) -> np.ndarray:
        """Returns the mean distortion in each cell, `[m, n]`; NaN if missing."""
        return _mean(self.distortion)

    def cell(self, defender: str, attacker: str) -> Payoff:
        """Returns the payoff of one pair of policies."""
        one = self.select((defender,), (attacker,))
        return Payoff(
            mean=float(one.mean()[0, 0]),
            std_error=float(one.std_error()[0, 0]),
            episodes=int(one.episodes()[0, 0]),
        )

    def select(self, defenders: Sequence[str], attackers: Sequence[str]) -> Self:
        """Returns the table of these policies, in this order, over the same worlds."""
        rows = [_index(self.defenders, name, "defender") for name in defenders]
        columns = [_index(self.attackers, name, "attacker") for name in attackers]
        cells = np.ix_(rows, columns)
        samples = {name: getattr(self, name)[cells] for name in QUANTITIES}
        return type(self)(tuple(defenders), tuple(attackers), **samples)

    def to_dict(self) -> dict[str, Any]:
        """Returns the table as lists for JSON; NaN becomes None, floats stay exact."""
        samples = {name: _to_lists(getattr(self, name)) for name in QUANTITIES}
        return {
            "defenders": list(self.defenders),
            "attackers": list(self.attackers),
            "num_worlds": self.num_worlds,
            **samples,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Returns the table of such data: the inverse of `to_dict`.

        Raises:
          ValueError: a key is absent, or the samples do not fit the names.
        """
        absent = {"defenders", "attackers", "num_worlds", *QUANTITIES} - set(data)
        if absent:
            raise ValueError(f"a payoff table needs {sorted(absent)}")
        rows, columns = tuple(data["defenders"]), tuple(data["attackers"])
        shape = (len(rows), len(columns), data["num_worlds"])
        # The reshape gives tables without rows, columns or worlds their shape back.
        samples = [
            np.array(data[name], dtype=np.float64).reshape(shape) for name in QUANTITIES
        ]
        return cls(rows, columns, *samples)


def _padded(samples: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Copies `samples` to the corner of an array of `shape`, which is NaN elsewhere."""
    larger = np.full(shape, np.nan)
    larger[tuple(slice(size) for size in samples.shape)] = samples
    return larger


def _mean(samples: np.ndarray) -> np.ndarray:
    """Returns the mean over played worlds; NaN, without a warning, if none was."""
    episodes = np.isfinite(samples).sum(axis=-1)
    mean = np.full(episodes.shape, np.nan)
    np.divide(np.nansum(samples, axis=-1), episodes, out=mean, where=episodes > 0)
    return mean


def _index(names: tuple[str, ...], name: str, role: str) -> int:
    if name not in names:
        raise ValueError(f"unknown {role} {name!r}, the table has {names}")
    return names.index(name)


def _check_outcomes(
    cells: Sequence[tuple[str, str]], data: Mapping[str, np.ndarray], first_world: int
) -> int:
    """Raises `ValueError` on bad outcomes; returns how many worlds they cover."""
    if first_world < 0:
        raise ValueError(f"first_world must not be negative, got {first_world}")
    shape = np.shape(data["returns"])
    if len(shape) != 2 or shape[0] != len(cells):
        raise ValueError(f"returns must be [{len(cells)}, worlds], got {shape}")
    for name, outcome in data.items():
        if np.shape(outcome) != shape:
            raise ValueError(f"{name} must be {shape}, got {np.shape(outcome)}")
        broken = np.argwhere(~np.isfinite(np.asarray(outcome, dtype=np.float64)))
        if len(broken):
            cell, world = broken[0]
            raise ValueError(
                f"{name} of cell {cells[cell]} in world {first_world + world} "
                f"is {outcome[cell][world]}: the simulation is broken"
            )
    return int(shape[1])


def _to_lists(samples: np.ndarray) -> list[Any]:
    lists = samples.astype(object)
    lists[np.isnan(samples)] = None
    return lists.tolist()
