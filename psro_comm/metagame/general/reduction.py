"""Makes smaller games of role-symmetric ones."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations_with_replacement, product
from math import comb, prod

import numpy as np

from psro_comm.metagame.general.normal_form import NormalFormGame
from psro_comm.metagame.general.role_symmetric import RoleSymmetricGame

MOST_PROFILES = 200_000  # of a reduced or expanded game
_MOST_RESTRICTIONS = 2_000  # that are looked at, of an incomplete game


def deviation_preserving(
    game: RoleSymmetricGame, counts: Mapping[str, int]
) -> RoleSymmetricGame:
    """Returns the game of fewer players, in which one deviates and the rest scale.

    A reduced player who plays s earns what it earns in the full game where it plays s
    and each of the others stands for several players: (n_r - 1) / (m_r - 1) of its own
    role r, n_q / m_q of another role q. So the gain of a single deviation is that of
    the full game; profiles that it needs and the game lacks stay NaN.

    Args:
      game: the full game, n_r players of role r.
      counts: m_r, number of players of each role in the reduced game.

    Raises:
      ValueError: a role is unknown or absent, or numbers that do not divide.

    Source: Wiedenbeck and Wellman 2012, Scaling simulation-based game analysis through
      deviation-preserving reduction; gameanalysis' `reduction`.
    """
    if set(counts) != set(game.groups):
        raise ValueError(
            f"the reduction names {sorted(counts)}, must name {sorted(game.groups)}"
        )
    wanted = [counts[role] for role in game.groups]
    own_ratio, other_ratio = _ratios(game, wanted)
    sizes = [len(own) for own in game.strategies]
    number = prod(comb(m + n - 1, m) for m, n in zip(wanted, sizes, strict=True))
    if number > MOST_PROFILES:
        raise ValueError(
            f"the reduced game has {number:,} profiles, at most {MOST_PROFILES:,}"
        )
    profiles = np.array(list(all_profiles(wanted, sizes)))
    rows = np.full(profiles.shape, -1)  # of the full game, by profile and strategy
    for role, own in enumerate(game.places):
        ratios = np.repeat(other_ratio, sizes)
        ratios[own] = own_ratio[role]
        for s in range(own.start, own.stop):
            one = np.eye(profiles.shape[1], dtype=np.int64)[s]
            for k in np.flatnonzero(profiles[:, s]):
                at = game.row((profiles[k] - one) * ratios + one)
                rows[k, s] = -1 if at is None else at
    known = (rows >= 0).any(axis=1)
    if not known.any():
        raise ValueError("the game has none of the profiles that the reduction needs")

    def table(values: np.ndarray) -> np.ndarray:
        found = values[rows[known], np.arange(profiles.shape[1])]
        return np.where(rows[known] >= 0, found, np.nan)

    return RoleSymmetricGame(
        game.groups,
        tuple(wanted),
        game.strategies,
        profiles[known],
        table(game.payoffs),
        None if game.std_error is None else table(game.std_error),
        title=f"{game.title}, reduced",
        notes=game.notes,
    )


def _ratios(
    game: RoleSymmetricGame, wanted: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Returns how many players each of the others stands for: of its role, of another.

    Raises:
      ValueError: it is no whole number.
    """
    own, other = [], []
    for role, n, m in zip(game.groups, game.counts, wanted, strict=True):
        several = len(game.groups) > 1
        allowed = [
            k
            for k in range(1, n + 1)
            if (k == n or (k > 1 and (n - 1) % (k - 1) == 0))
            and not (several and n % k)
        ]
        if m not in allowed:
            raise ValueError(
                f"{role!r} has {n} players, which reduce to {allowed}, not to {m}"
            )
        own.append((n - 1) // (m - 1) if m > 1 else 0)
        other.append(n // m if several else 0)
    return own, other


def all_profiles(counts: Sequence[int], sizes: Sequence[int]) -> Iterator[np.ndarray]:
    """Yields all profiles `[S]` of so many players and strategies of each role."""
    each = [
        [
            np.bincount(chosen, minlength=size)
            for chosen in combinations_with_replacement(range(size), count)
        ]
        for count, size in zip(counts, sizes, strict=True)
    ]
    for parts in product(*each):
        yield np.concatenate(parts)


def as_normal_form(game: RoleSymmetricGame) -> NormalFormGame:
    """Returns the game with a player of its own for each player of a role.

    Raises:
      ValueError: it is incomplete, or too large.
    """
    if not game.is_complete:
        missing = game.num_profiles - int(game.known.sum())
        raise ValueError(
            f"{missing:,} of its {game.num_profiles:,} profiles are missing"
        )
    roles = np.repeat(np.arange(len(game.groups)), game.counts)
    shape = tuple(len(game.strategies[role]) for role in roles)
    if prod(shape) * len(shape) > MOST_PROFILES:
        raise ValueError(
            f"each player apart, it has {prod(shape):,} profiles of {len(shape)}"
            f" payoffs, at most {MOST_PROFILES:,} in all"
        )
    starts = np.array([game.places[role].start for role in roles])
    cells = np.stack(np.unravel_index(np.arange(prod(shape)), shape), axis=1) + starts
    width = game.profiles.shape[1]
    profiles = np.zeros((len(cells), width), dtype=np.int64)
    for column in cells.T:
        np.add.at(profiles, (np.arange(len(cells)), column), 1)
    rows = np.array([game.row(profile) for profile in profiles])
    names = [
        game.groups[role] if game.counts[role] == 1 else f"{game.groups[role]} {k + 1}"
        for role in range(len(game.groups))
        for k in range(game.counts[role])
    ]

    def table(values: np.ndarray) -> np.ndarray:
        return values[rows[:, None], cells].T.reshape(len(shape), *shape)

    return NormalFormGame(
        tuple(names),
        tuple(game.strategies[role] for role in roles),
        table(game.payoffs),
        None if game.std_error is None else table(game.std_error),
        game.title,
        game.notes,
    )


def complete_restrictions(
    game: RoleSymmetricGame,
) -> tuple[list[list[list[int]]], bool]:
    """Returns the largest sets of strategies whose profiles are all known.

    Returns:
      The sets, as places of each role's strategies; and whether the search was whole.

    Source: gameanalysis' `restrict.maximal_restrictions`.
    """
    known = game.profiles[game.known]
    width = known.shape[1]
    role_of = np.repeat(np.arange(len(game.groups)), [len(s) for s in game.strategies])

    def complete(chosen: frozenset[int]) -> bool:
        inside = np.zeros(width, dtype=bool)
        inside[list(chosen)] = True
        sizes = [int(inside[own].sum()) for own in game.places]
        needed = prod(
            comb(n + k - 1, n) for n, k in zip(game.counts, sizes, strict=True)
        )
        return int((known[:, ~inside].sum(axis=1) == 0).sum()) == needed

    level = {
        chosen
        for first in product(*(range(own.start, own.stop) for own in game.places))
        if complete(chosen := frozenset(first))
    }
    maximal: list[frozenset[int]] = []
    looked_at = 0
    while level and looked_at <= _MOST_RESTRICTIONS:
        # What is part of a larger complete set is not maximal; subsets are complete.
        following: set[frozenset[int]] = set()
        for chosen in level:
            larger = {chosen | {extra} for extra in range(width) if extra not in chosen}
            looked_at += len(larger)
            grown = {each for each in larger if each in following or complete(each)}
            following |= grown
            if not grown:
                maximal.append(chosen)
        level = following
    maximal += level
    found = [
        [
            [k - own.start for k in sorted(each) if role_of[k] == role]
            for role, own in enumerate(game.places)
        ]
        for each in sorted(maximal, key=lambda e: (-len(e), sorted(e)))
    ]
    return found, looked_at <= _MOST_RESTRICTIONS
