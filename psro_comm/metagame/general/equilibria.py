"""Finds all equilibria of a game where that is possible, else some, and says which."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from psro_comm.metagame.general.dominance import strike_out
from psro_comm.metagame.general.extreme import MOST_BASES, bases, extreme_equilibria
from psro_comm.metagame.general.lemke_howson import all_paths
from psro_comm.metagame.general.logit import logit_branch
from psro_comm.metagame.general.normal_form import Mixtures, NormalFormGame, regrets
from psro_comm.metagame.general.reduction import complete_restrictions
from psro_comm.metagame.general.role_symmetric import RoleSymmetricGame
from psro_comm.metagame.general.search import PROVEN, search
from psro_comm.metagame.solvers.checks import MetaSolverError

_PATHS, _WORK = 40, 5_000_000  # of Lemke and Howson; in numbers of both tableaux
_STARTS = 8  # that a search draws
_SAME = 1e-6
_TIE = 1e-9  # of the spread: a smaller gain is rounding
_MOST_NUMBERS = 20_000_000  # of resampled tables


class Equilibria(NamedTuple):
    """Equilibria of a game.

    Attributes:
      mixtures: of each group, by equilibrium; for a game of two players that was
        solved whole, the extreme ones.
      method: what found them, in words.
      is_whole: whether they are all (or all extreme ones).
      components: places of equilibria in one connected set, for whole results.
      unconfirmed: strategies whose gain against some equilibrium is not known, because
        profiles are missing; by equilibrium, in words.
    """

    mixtures: Sequence[Mixtures]
    method: str
    is_whole: bool
    components: Sequence[Sequence[int]] = ()
    unconfirmed: Sequence[str] = ()


def all_or_some(
    game: NormalFormGame | RoleSymmetricGame, rng: np.random.Generator
) -> Equilibria:
    """Returns all equilibria of a small game of two players, or some of another.

    Two players: all extreme equilibria of what strict dominance leaves, or the ends of
    Lemke and Howson's paths. More players, or roles: the ends of searches, in which
    players of a role mix alike. Where profiles are missing, searches in each largest
    part that is complete, with deviations to the rest where they are known.
    """
    if isinstance(game, RoleSymmetricGame):
        if game.is_complete:
            return _searched(game, rng, " symmetric in each role")
        return _in_parts(game, rng)
    if len(game.groups) != 2:
        return _searched(game, rng, "")
    _, kept = strike_out(game)
    left = game.restricted(kept)
    m, n = left.payoffs.shape[1:]
    if bases(m, n) <= MOST_BASES:
        whole = extreme_equilibria(*left.payoffs)
        mixtures = [_spread_out(game, kept, pair) for pair in whole.pairs]
        # What rounding made of a game whose payoffs differ by many digits is not shown.
        good = [max(regrets(game, pair)) <= PROVEN * game.spread for pair in mixtures]
        method = "all extreme equilibria, by the vertices of best-response polytopes"
        if all(good) and mixtures:
            parts = [each.extreme for each in whole.components]
            return Equilibria(mixtures, method, True, parts)
    limit = max(1, min(_PATHS, m + n, _WORK // (m * n * (m + n))))
    found: list[Mixtures] = []
    for pair in all_paths(left.payoffs[0], left.payoffs[1], limit):
        mixtures_ = _spread_out(game, kept, pair)
        proven = max(regrets(game, mixtures_)) <= PROVEN * game.spread
        if proven and not _among(mixtures_, found):
            found.append(mixtures_)
    method = f"ends of {limit} of Lemke and Howson's {m + n} paths"
    return Equilibria(found, method, False)


def _spread_out(
    game: NormalFormGame | RoleSymmetricGame,
    kept: Sequence[Sequence[int]],
    mixtures: Mixtures,
) -> list[np.ndarray]:
    """Returns mixtures of some strategies as mixtures of all."""
    whole = [np.zeros(len(own)) for own in game.strategies]
    for x, places, weights in zip(whole, kept, mixtures, strict=True):
        x[list(places)] = weights
    return whole


def _searched(
    game: NormalFormGame | RoleSymmetricGame, rng: np.random.Generator, words: str
) -> Equilibria:
    ends = search(game, rng, _STARTS)
    proven = [each.mixtures for each in ends if each.regret <= PROVEN * game.spread]
    try:
        branch = logit_branch(game)
    except MetaSolverError:  # the searches stand alone
        pass
    else:
        good = branch.regret <= PROVEN * game.spread
        if good and not _among(branch.limit, proven):
            proven.append(branch.limit)
    method = (
        f"searches{words}: replicator dynamics and regret minimisation from many"
        " starts, polished and verified; there may be others"
    )
    if not proven:
        method += f"; none was found, the least regret is {ends[0].regret:.3g}"
    return Equilibria(proven, method, False)


def _in_parts(game: RoleSymmetricGame, rng: np.random.Generator) -> Equilibria:
    """Returns equilibria of the complete parts that no known deviation refutes."""
    parts, whole = complete_restrictions(game)
    found: list[Mixtures] = []
    unconfirmed: list[str] = []
    for kept in parts:
        for each in search(game.restricted(kept), rng, _STARTS):
            mixtures = _spread_out(game, kept, each.mixtures)
            gains, unknown = _known_gain(game, mixtures)
            if gains > PROVEN * game.spread or _among(mixtures, found):
                continue
            found.append(mixtures)
            names = [
                f"{name} of {role}"
                for role, own, absent in zip(
                    game.groups, game.strategies, unknown, strict=True
                )
                for name, lacks in zip(own, absent, strict=True)
                if lacks
            ]
            unconfirmed.append(", ".join(names))
    method = (
        f"searches in the {len(parts)} largest parts of the game without a missing"
        f" profile{'' if whole else ' that were looked at'}; deviations to the rest do"
        " not pay, where they are known"
    )
    return Equilibria(found, method, False, (), unconfirmed)


def _known_gain(
    game: RoleSymmetricGame, mixtures: Mixtures
) -> tuple[float, list[np.ndarray]]:
    """Returns the largest known gain by a deviation, and which are not known."""
    gains, unknown = [0.0], []
    for x, u in zip(mixtures, game.deviations(mixtures), strict=True):
        played = x > 0
        here = x[played] @ u[played]
        gains.append(float(np.nanmax(u - here)))
        unknown.append(np.isnan(u))
    return max(gains), unknown


def _among(mixtures: Mixtures, found: Sequence[Mixtures]) -> bool:
    flat = np.concatenate(list(mixtures))
    return any(np.abs(flat - np.concatenate(list(e))).max() < _SAME for e in found)


def pure_equilibria(
    game: NormalFormGame | RoleSymmetricGame,
    rng: np.random.Generator,
    num_samples: int,
    most: int,
) -> dict[str, Any]:
    """Returns the profiles of pure strategies from which nobody gains by deviating.

    Returns:
      JSON data: their number, the first `most` with names, and in which share of draws
      of the payoffs' errors each is one (None without errors). In a role-symmetric
      game, `open` lists known profiles that no known deviation refutes, while others
      are missing.
    """
    if isinstance(game, RoleSymmetricGame):
        answers = {int(k): _holds(game, int(k)) for k in np.flatnonzero(game.known)}
        found, open_ = (
            [
                game.named(game.profiles[k])
                for k, each in answers.items()
                if each is told
            ]
            for told in (True, None)
        )
        listed = _listed(len(found), found[:most], [None] * len(found[:most]))
        return {**listed, "open": open_[:most]}
    edge = _TIE * game.spread
    here = _best(game.payoffs, edge)
    cells = np.argwhere(here)[:most]
    frequency: list[float | None] = [None] * len(cells)
    if game.std_error is not None and len(cells):
        count = max(2, min(num_samples, _MOST_NUMBERS // game.payoffs.size))
        hits = np.zeros(len(cells))
        for _ in range(count):
            noise = game.std_error * rng.standard_normal(game.payoffs.shape)
            hits += _best(game.payoffs + noise, edge)[tuple(cells.T)]
        frequency = (hits / count).tolist()
    names = [game.profile(cell) for cell in cells.tolist()]
    return _listed(int(here.sum()), names, frequency)


def _listed(
    count: int, names: Sequence[str], frequency: Sequence[float | None]
) -> dict[str, Any]:
    rows = [
        {"profile": name, "frequency": share}
        for name, share in zip(names, frequency, strict=True)
    ]
    return {"count": count, "listed": rows}


def _best(payoffs: np.ndarray, edge: float) -> np.ndarray:
    """Returns where each player's payoff is its best, the others' play given."""
    best = [
        own >= own.max(axis=p, keepdims=True) - edge for p, own in enumerate(payoffs)
    ]
    return np.logical_and.reduce(best)


def _holds(game: RoleSymmetricGame, k: int) -> bool | None:
    """Returns whether nobody gains by leaving profile k; None where not known."""
    edge, known = _TIE * game.spread, True
    for s, t, row in game.neighbours(k):
        there = np.nan if row is None else game.payoffs[row, t]
        if there > game.payoffs[k, s] + edge:
            return False
        known &= not np.isnan(there)
    return True if known else None
