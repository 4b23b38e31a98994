"""A normal-form game of any number of players, and what mixtures earn in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from psro_comm.metagame.solvers.checks import check_size

Mixtures = Sequence[np.ndarray]  # one for each player, or role
WIDE = 1e5  # middle halves: a wider spread is that of a few payoffs


class Game(Protocol):
    """A game of k groups, each of which plays one mixture.

    A group is a player of a normal form, or a role whose players mix alike.

    Attributes:
      groups: names of the k groups.
      counts: number of players of each group.
      strategies: names of each group's strategies.
      spread: of the payoffs, see `usual_spread`.
    """

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups."""

    @property
    def counts(self) -> tuple[int, ...]:
        """Number of players of each group."""

    @property
    def strategies(self) -> tuple[tuple[str, ...], ...]:
        """Names of each group's strategies."""

    @property
    def spread(self) -> float:
        """The spread of the payoffs."""

    def deviations(self, mixtures: Mixtures) -> list[np.ndarray]:
        """Returns what each strategy earns while all others play the mixtures."""

    def jacobian(self, mixtures: Mixtures) -> np.ndarray:
        """Returns the derivative of `deviations` by the mixtures, `[S, S]`."""


@dataclass(frozen=True, eq=False)
class NormalFormGame:
    """A game of k players who choose at once.

    Attributes:
      groups: names of the players.
      strategies: names of each player's strategies.
      payoffs: `[k, n_1, ..., n_k]` payoff to each player.
      std_error: standard errors of the payoffs, of the same shape; None if not known.
      title: the game's title, one line.
      notes: what a reader did to the names or payoffs of a file, a line each.

    Raises:
      ValueError: a name twice or empty, shapes that do not fit, a payoff that is not
        finite, or a standard error that is negative or not finite.
    """

    groups: tuple[str, ...]
    strategies: tuple[tuple[str, ...], ...]
    payoffs: np.ndarray
    std_error: np.ndarray | None = None
    title: str = "game"
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copies everything to tuples and read-only arrays, and checks it."""
        object.__setattr__(self, "groups", tuple(self.groups))
        sides = tuple(tuple(names) for names in self.strategies)
        object.__setattr__(self, "strategies", sides)
        check_names(self.groups, "players")
        if len(sides) != len(self.groups):
            raise ValueError(
                f"{len(self.groups)} players need as many lists of strategies,"
                f" got {len(sides)}"
            )
        for player, names in zip(self.groups, sides, strict=True):
            check_names(names, f"strategies of {player!r}")
        shape = (len(sides), *map(len, sides))
        for name in ("payoffs", "std_error"):
            given = getattr(self, name)
            if given is None:
                continue
            array = np.array(given, dtype=np.float64)
            if array.shape != shape:
                raise ValueError(f"{name} must be {shape}, got {array.shape}")
            bad = ~np.isfinite(array)
            if name == "std_error":
                bad |= ~(array >= 0)
            for player, *cell in np.argwhere(bad):
                raise ValueError(
                    f"the {name} of {self.groups[player]!r} in {self.profile(cell)}"
                    f" is {array[(player, *cell)]}"
                )
            if name == "payoffs":
                check_size(array)
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @property
    def counts(self) -> tuple[int, ...]:
        """One player each."""
        return (1,) * len(self.groups)

    @property
    def spread(self) -> float:
        """The spread of the payoffs, or 1 where they are equal."""
        return usual_spread(self.payoffs)

    def profile(self, cell: Sequence[int]) -> str:
        """Returns the names of one strategy of each player, with commas."""
        names = (own[i] for own, i in zip(self.strategies, cell, strict=True))
        return f"({', '.join(names)})"

    def deviations(self, mixtures: Mixtures) -> list[np.ndarray]:
        """Returns what each strategy earns while all others play the mixtures.

            u_p(s) = sum over the others' profiles t of prob(t) U_p(s, t)

        Args:
          mixtures: `[n_p]` of each player.

        Returns:
          `[n_p]` of each player.
        """
        return averages(self.payoffs, mixtures)

    def jacobian(self, mixtures: Mixtures) -> np.ndarray:
        """Returns du_p(s) / dx_q(t) of `deviations`, `[S, S]` over all strategies."""
        starts = np.cumsum([0, *map(len, self.strategies)])
        found = np.zeros((starts[-1], starts[-1]))
        for p in range(len(self.groups)):
            for q in range(len(self.groups)):
                if p == q:
                    continue
                block = _without(self.payoffs[p], mixtures, (p, q))
                rows = slice(starts[p], starts[p + 1])
                found[rows, starts[q] : starts[q + 1]] = block if p < q else block.T
        return found

    def restricted(self, kept: Sequence[Sequence[int]]) -> "NormalFormGame":
        """Returns the game in which each player has only some of its strategies."""
        cells = np.ix_(range(len(self.groups)), *kept)
        return NormalFormGame(
            self.groups,
            tuple(
                tuple(own[i] for i in places)
                for own, places in zip(self.strategies, kept, strict=True)
            ),
            self.payoffs[cells],
            None if self.std_error is None else self.std_error[cells],
            self.title,
            self.notes,
        )

    def own_table(self, player: int) -> np.ndarray:
        """Returns a player's payoffs `[n_p, all profiles of the others]`."""
        own = np.moveaxis(self.payoffs[player], player, 0)
        return own.reshape(len(own), -1)


def expected(game: Game, mixtures: Mixtures) -> np.ndarray:
    """Returns what a player of each group earns, `[k]`, when all mix.

    NaN where a payoff that it needs is not known.
    """
    earned = []
    for x, u in zip(mixtures, game.deviations(mixtures), strict=True):
        played = x > 0  # NaN of what is not played must not count
        earned.append(x[played] @ u[played])
    return np.array(earned)


def regrets(game: Game, mixtures: Mixtures) -> np.ndarray:
    """Returns what a player of each group gains by its best deviation, `[k]`.

    max_s u_p(s) - x_p' u_p, never negative; NaN where payoffs that it needs are absent.
    """
    best = [u.max() for u in game.deviations(mixtures)]
    return np.maximum(np.array(best) - expected(game, mixtures), 0.0)


def averages(tables: np.ndarray, mixtures: Mixtures) -> list[np.ndarray]:
    """Returns each player's table `[n_1, ..., n_k]`, averaged over all other players.

    Args:
      tables: `[k, n_1, ..., n_k]`.
      mixtures: `[n_p]` of each player.

    Returns:
      `[n_p]` of each player.
    """
    return [_without(table, mixtures, (p,)) for p, table in enumerate(tables)]


def usual_spread(payoffs: np.ndarray) -> float:
    """Returns max - min of payoffs, or 1 where that is 0.

    Where a few, such as a "forbidden" of -1e10, make nearly all of it, it is that of
    the middle half: what is small must be small beside what is played for.
    """
    whole = float(np.ptp(payoffs))
    low, high = np.quantile(payoffs, [0.25, 0.75])
    middle = float(high - low)
    return middle if 0 < middle * WIDE < whole else whole or 1.0


def check_names(names: Sequence[str], what: str) -> None:
    """Raises `ValueError` unless there are names, and they are distinct texts."""
    if not all(isinstance(name, str) for name in names):
        raise ValueError(f"{what} must be texts, got {list(names)}")
    if not names or len(set(names)) < len(names) or "" in names:
        raise ValueError(f"{what} must be distinct names, got {list(names)}")


def _without(
    table: np.ndarray, mixtures: Mixtures, kept: tuple[int, ...]
) -> np.ndarray:
    """Returns the table averaged over the mixtures of all players but some."""
    for q in reversed(range(len(mixtures))):
        if q not in kept:
            table = np.tensordot(table, mixtures[q], axes=(q, 0))
    return table
