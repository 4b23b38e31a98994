"""A role-symmetric game: players of a role are alike, and profiles are counts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import comb, prod

import numpy as np
from scipy.special import gammaln

from psro_comm.metagame.general.normal_form import (
    Mixtures,
    check_names,
    usual_spread,
)
from psro_comm.metagame.solvers.checks import check_size

_WHOLE = 1e-9  # how far probabilities of known profiles may be from 1


@dataclass(frozen=True, eq=False)
class RoleSymmetricGame:
    """A game of k roles, whose players have the same strategies and payoffs.

    Attributes:
      groups: names of the roles.
      counts: number of players of each role.
      strategies: names of each role's strategies; S in all.
      profiles: `[K, S]` how many play each strategy in the profiles that are known.
      payoffs: `[K, S]` what one who plays it earns; NaN if it is not known, 0 where
        nobody plays it.
      std_error: `[K, S]` standard errors of the payoffs; None if not known.
      samples: for each profile `[observations, S]`, from which the payoffs are means;
        None if not known.
      title: the game's title, one line.
      notes: what a reader did to a file, a line each.

    Raises:
      ValueError: bad names or counts, shapes that do not fit, a profile that is twice
        there or has other numbers of players, or a payoff that is infinite.
    """

    groups: tuple[str, ...]
    counts: tuple[int, ...]
    strategies: tuple[tuple[str, ...], ...]
    profiles: np.ndarray
    payoffs: np.ndarray
    std_error: np.ndarray | None = None
    samples: tuple[np.ndarray, ...] | None = None
    title: str = "game"
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copies everything to tuples and read-only arrays, and checks it."""
        check_names(self.groups, "roles")
        for role, names, count in zip(
            self.groups, self.strategies, self.counts, strict=True
        ):
            check_names(names, f"strategies of {role!r}")
            if count < 1:
                raise ValueError(f"{role!r} has {count} players, must be at least 1")
        profiles = np.array(self.profiles, dtype=np.int64)
        shape = (len(profiles), sum(map(len, self.strategies)))
        if not len(profiles) or profiles.shape != shape:
            raise ValueError(f"profiles must be {shape}, got {profiles.shape}")
        self._check_profiles(profiles)
        object.__setattr__(self, "profiles", profiles)
        for name in ("payoffs", "std_error"):
            if getattr(self, name) is None:
                continue
            array = np.array(getattr(self, name), dtype=np.float64)
            if array.shape != shape or np.isinf(array).any():
                raise ValueError(f"{name} must be {shape} and not infinite")
            if name == "payoffs":
                check_size(array[profiles > 0])
            array[profiles == 0] = 0.0
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        if not np.isfinite(self.payoffs[profiles > 0]).any():
            raise ValueError("no payoff is known")

    def _check_profiles(self, profiles: np.ndarray) -> None:
        played = np.stack([profiles[:, own].sum(axis=1) for own in self.places], axis=1)
        bad = (played != self.counts).any(axis=1) | (profiles < 0).any(axis=1)
        for k in np.flatnonzero(bad):
            raise ValueError(
                f"the profile {self.named(profiles[k])} has {tuple(played[k].tolist())}"
                f" players, not {self.counts}"
            )
        if len(np.unique(profiles, axis=0)) < len(profiles):
            raise ValueError("a profile is there twice")

    @cached_property
    def _rows(self) -> dict[bytes, int]:
        return {row.tobytes(): k for k, row in enumerate(self.profiles)}

    @cached_property
    def places(self) -> tuple[slice, ...]:
        """Where each role's strategies are, among all S."""
        ends = np.cumsum([0, *map(len, self.strategies)]).tolist()
        return tuple(slice(*each) for each in pairwise(ends))

    @property
    def spread(self) -> float:
        """The spread of the known payoffs, or 1 where they are equal."""
        return usual_spread(
            self.payoffs[(self.profiles > 0) & np.isfinite(self.payoffs)]
        )

    @property
    def num_profiles(self) -> int:
        """The number of profiles that the game has, known or not."""
        sizes = zip(self.counts, self.strategies, strict=True)
        return prod(comb(n + len(own) - 1, n) for n, own in sizes)

    @cached_property
    def known(self) -> np.ndarray:
        """Whether all payoffs of each profile are known, `[K]`."""
        return np.isfinite(self.payoffs).all(axis=1)

    @property
    def is_complete(self) -> bool:
        """Whether all payoffs of all profiles are known."""
        return int(self.known.sum()) == self.num_profiles

    def row(self, profile: np.ndarray) -> int | None:
        """Returns the place of a profile `[S]` among those known; None if absent."""
        return self._rows.get(np.asarray(profile, dtype=np.int64).tobytes())

    def named(self, profile: np.ndarray) -> str:
        """Returns a profile in words: `role: 2 a, 1 b; ...`."""
        words = []
        for role, own, names in zip(
            self.groups, self.places, self.strategies, strict=True
        ):
            played = (
                f"{count} {name}"
                for count, name in zip(profile[own], names, strict=True)
                if count
            )
            words.append(f"{role}: {', '.join(played)}")
        return "; ".join(words)

    @cached_property
    def _ways(self) -> np.ndarray:
        """Log of how many ways the others of one who plays s make a profile, `[K, S]`.

        -inf where nobody plays s.
        """
        orders = np.zeros((len(self.profiles), 1))
        ways = np.empty(self.profiles.shape)
        orders += sum(gammaln(count + 1) for count in self.counts)
        orders -= gammaln(self.profiles + 1).sum(axis=1, keepdims=True)
        for own, count in zip(self.places, self.counts, strict=True):
            with np.errstate(divide="ignore"):
                ways[:, own] = orders + np.log(self.profiles[:, own] / count)
        return ways

    def chances(self, flat: np.ndarray) -> np.ndarray:
        """Returns the chance of each profile given that one plays s, `[K, S]`."""
        absent = flat == 0
        idle = self.profiles[:, absent].sum(axis=1)  # play what no mixture plays
        logs = self.profiles[:, ~absent] @ np.log(flat[~absent])
        chances = self._ways + logs[:, None]
        chances[:, ~absent] -= np.log(flat[~absent])
        chances[np.ix_(idle > 0, ~absent)] = -np.inf
        chances[np.ix_(idle != 1, absent)] = -np.inf
        return np.exp(chances)

    def deviations(self, mixtures: Mixtures) -> list[np.ndarray]:
        """Returns what one earns by each strategy while all others play the mixtures.

            u_r(s) = sum over profiles of prob(the others) payoff(s)

        where the others are n_r - 1 of role r and n_q of each other role q, drawn one
        by one from their mixtures.

        Returns:
          `[n_r]` of each role; NaN where a payoff that it needs is not known.
        """
        chances = self.chances(np.concatenate(list(mixtures)))
        used = np.where(chances > 0, self.payoffs, 0.0)
        earned = (chances * used).sum(axis=0)
        earned[np.abs(chances.sum(axis=0) - 1) > _WHOLE] = np.nan
        return [earned[own] for own in self.places]

    def jacobian(self, mixtures: Mixtures) -> np.ndarray:
        """Returns du(s) / dx(t) of `deviations`, `[S, S]`; 0 where x(t) is 0."""
        flat = np.concatenate(list(mixtures))
        chances = self.chances(flat)
        paid = np.where(chances > 0, chances * self.payoffs, 0.0)
        found = paid.T @ self.profiles - np.diag(paid.sum(axis=0))
        return np.divide(found, flat, out=np.zeros_like(found), where=flat > 0)

    def restricted(self, kept: Sequence[Sequence[int]]) -> "RoleSymmetricGame":
        """Returns the game in which each role has only some of its strategies."""
        wanted = np.concatenate(
            [
                np.asarray(own) + at.start
                for own, at in zip(kept, self.places, strict=True)
            ]
        )
        others = np.setdiff1d(np.arange(self.profiles.shape[1]), wanted)
        rows = np.flatnonzero(self.profiles[:, others].sum(axis=1) == 0)
        cells = np.ix_(rows, wanted)
        samples = self.samples and tuple(self.samples[k][:, wanted] for k in rows)
        return RoleSymmetricGame(
            self.groups,
            self.counts,
            tuple(
                tuple(names[i] for i in own)
                for names, own in zip(self.strategies, kept, strict=True)
            ),
            self.profiles[cells],
            self.payoffs[cells],
            None if self.std_error is None else self.std_error[cells],
            samples,
            self.title,
            self.notes,
        )

    def with_payoffs(self, payoffs: np.ndarray) -> "RoleSymmetricGame":
        """Returns the game with other payoffs `[K, S]`, such as resampled ones."""
        return RoleSymmetricGame(
            self.groups, self.counts, self.strategies, self.profiles, payoffs
        )

    def neighbours(self, k: int) -> Iterator[tuple[int, int, int | None]]:
        """Yields what one player may do in profile k: from s to t, and the row there.

        The row is None where the profile is not known.
        """
        profile = self.profiles[k]
        for own in self.places:
            for s in range(own.start, own.stop):
                for t in range(own.start, own.stop):
                    if s != t and profile[s]:
                        moved = profile.copy()
                        moved[s] -= 1
                        moved[t] += 1
                        yield s, t, self.row(moved)
