"""Searches equilibria of any game: replicator dynamics, regret minimisation, Newton.

What is found is verified by its regret; what is not found may exist.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, combinations, product
from math import prod
from typing import NamedTuple

import numpy as np
from open_spiel.python.egt import dynamics as openspiel_dynamics
from scipy.optimize import minimize
from scipy.special import softmax

from psro_comm.metagame.general.normal_form import Game, Mixtures, regrets

PROVEN = 1e-7  # regret of an equilibrium, of the spread
_SUPPORTS = (1e-5, 1e-3, 3e-2)  # a smaller weight is tried as 0
_SAME = 1e-4  # weights that differ by less are one equilibrium
_STEPS, _DT = 500, 0.5  # of the replicator dynamics; over the spread
_AT_REST = 1e-12  # change of a weight in a step
_NEWTON = 30
_MOST_CORNERS = 24  # pure profiles that are begun with
_MOST_SUPPORTS, _TRIES = 100, 3  # supports that are tried one by one, and how often


class Found(NamedTuple):
    """Mixtures that a search ended with.

    Attributes:
      mixtures: `[n_g]` of each group.
      regret: the largest regret of a group, in payoffs.
      method: what found it first.
    """

    mixtures: tuple[np.ndarray, ...]
    regret: float
    method: str


def search(game: Game, rng: np.random.Generator, num_starts: int = 20) -> list[Found]:
    """Returns distinct ends of searches from many starts, the least regret first.

    Each start (uniform, pure, then drawn) goes by replicator dynamics and by minimising
    the sum of squared gains; both ends are polished by Newton's method on the equations
    of their support. In a small game those of every support are tried, too. Ends with a
    regret above `PROVEN` are kept only if there is nothing better.

    Args:
      game: a game whose payoffs are known.
      rng: draws the starts.
      num_starts: number of drawn starts.

    Source: Taylor and Jonker 1978 (replicator); McKelvey and McLennan 1996, section 7
      (minimising gains); gameanalysis' `nash` for the use of both from many starts.
    """
    ends: list[Found] = []
    tried = [
        (method, polished(game, solver(game, start)))
        for start in _starts(game, rng, num_starts)
        for method, solver in (("replicator", replicator), ("regret", minimised))
    ]
    tried += [("newton", newton(game, start)) for start in _supports(game, rng)]
    for method, mixtures in tried:
        left = float(regrets(game, mixtures).max())
        if not np.isnan(left) and not _among(mixtures, ends):
            ends.append(Found(tuple(mixtures), left, method))
    ends.sort(key=lambda each: each.regret)
    proven = [each for each in ends if each.regret <= PROVEN * game.spread]
    return proven or ends[:1]


def replicator(game: Game, start: Mixtures) -> list[np.ndarray]:
    """Returns where replicator dynamics are after 500 Euler steps; see `flow`."""
    return flow(game, start)[0]


def flow(
    game: Game, start: Mixtures
) -> tuple[list[np.ndarray], list[np.ndarray], bool]:
    """Follows replicator dynamics; they may go in circles.

    dx_s / dt = x_s (u(s) - x' u),   payoffs over their spread

    Returns:
      The state at the end, the average of all states, and whether they came to rest.

    Source: Taylor and Jonker 1978; OpenSpiel's `egt.dynamics.replicator`.
    """
    state = [x.copy() for x in start]
    total = [np.zeros_like(x) for x in start]
    for _ in range(_STEPS):
        total = [t + x for t, x in zip(total, state, strict=True)]
        fitness = game.deviations(state)
        moves = [
            _DT / game.spread * openspiel_dynamics.replicator(x, u)
            for x, u in zip(state, fitness, strict=True)
        ]
        if max(np.abs(move).max() for move in moves) < _AT_REST:
            return state, [_mixture(t) for t in total], True
        state = [_mixture(x + dx) for x, dx in zip(state, moves, strict=True)]
    return state, [_mixture(t) for t in total], False


def minimised(game: Game, start: Mixtures) -> list[np.ndarray]:
    """Returns a local minimum of the sum of squared gains of all pure deviations."""
    ends = np.cumsum([len(x) for x in start])[:-1]
    logits = np.log(np.maximum(np.concatenate(list(start)), 1e-6))

    def loss(at: np.ndarray) -> tuple[float, np.ndarray]:
        mixtures = [softmax(part) for part in np.split(at, ends)]
        fitness = game.deviations(mixtures)
        slopes = game.jacobian(mixtures) / game.spread
        total, downhill, first = 0.0, np.zeros_like(at), 0
        for x, u in zip(mixtures, fitness, strict=True):
            own = slice(first, first := first + len(x))
            scaled = u / game.spread
            gains = np.maximum(scaled - x @ scaled, 0.0)
            total += float(gains @ gains)
            downhill += 2 * (gains @ slopes[own] - gains.sum() * (x @ slopes[own]))
            downhill[own] -= 2 * gains.sum() * scaled
        parts = zip(mixtures, np.split(downhill, ends), strict=True)
        return total, np.concatenate([x * (d - x @ d) for x, d in parts])

    found = minimize(loss, logits, jac=True, method="L-BFGS-B", options={"ftol": 1e-16})
    return [softmax(part) for part in np.split(found.x, ends)]


def polished(game: Game, mixtures: Mixtures) -> list[np.ndarray]:
    """Returns mixtures of less regret, if Newton's method finds them near these."""
    best, least = list(mixtures), _regret(game, mixtures)
    for smallest in _SUPPORTS:
        kept = [np.where(x > min(smallest, x.max() / 2), x, 0.0) for x in mixtures]
        found = newton(game, [_mixture(x) for x in kept])
        if (left := _regret(game, found)) < least:
            best, least = found, left
    return best


def newton(game: Game, start: Mixtures) -> list[np.ndarray]:
    """Returns mixtures of the same support that earn the same by all of it, if found.

    Newton's method on u(s) = u(t) for all s, t of a support; it stops where a weight
    would leave the simplex, and returns the state of the least regret.
    """
    state = list(start)
    best, least = state, np.inf
    played = np.flatnonzero(np.concatenate(state) > 0)
    ends = np.cumsum([len(x) for x in state])[:-1]
    owner = np.concatenate([np.full(len(x), g) for g, x in enumerate(state)])[played]
    size, groups = len(played), len(state)
    for _ in range(_NEWTON):
        if (left := _regret(game, state)) < least:
            best, least = state, left
        fitness = np.concatenate(game.deviations(state))[played] / game.spread
        # Unknown: weights of the support, and each group's payoff.
        system = np.zeros((size + groups, size + groups))
        slopes = game.jacobian(state)[np.ix_(played, played)]
        system[:size, :size] = slopes / game.spread
        system[np.arange(size), size + owner] = -1.0
        system[size + owner, np.arange(size)] = 1.0
        here = np.array([fitness[owner == g].mean() for g in range(groups)])
        wrong = np.concatenate([fitness - here[owner], np.zeros(groups)])
        if not np.isfinite(system).all() or not np.isfinite(wrong).all():
            break
        step = np.linalg.lstsq(system, -wrong, rcond=None)[0][:size]
        flat = np.concatenate(state)
        flat[played] += step
        if (flat[played] <= 0).any() or np.abs(step).max() < 1e-16:
            break
        state = [_mixture(part) for part in np.split(flat, ends)]
    return best


def _regret(game: Game, mixtures: Mixtures) -> float:
    """Returns the largest regret of a group; infinite where it is not known."""
    return float(np.nan_to_num(regrets(game, mixtures).max(), nan=np.inf))


def _supports(game: Game, rng: np.random.Generator) -> Iterator[list[np.ndarray]]:
    """Yields mixtures of every support, a few of each, if there are not too many."""
    sizes = [len(names) for names in game.strategies]
    if prod(2**n - 1 for n in sizes) > _MOST_SUPPORTS:
        return
    each = [
        list(chain.from_iterable(combinations(range(n), k) for k in range(1, n + 1)))
        for n in sizes
    ]
    for chosen in product(*each):
        pure = all(len(own) == 1 for own in chosen)
        for _ in range(1 if pure else _TRIES):
            start = [np.zeros(n) for n in sizes]
            for x, own in zip(start, chosen, strict=True):
                x[list(own)] = rng.dirichlet(np.ones(len(own)))
            yield start


def _starts(
    game: Game, rng: np.random.Generator, num_starts: int
) -> Iterator[list[np.ndarray]]:
    sizes = [len(names) for names in game.strategies]
    yield [np.full(n, 1 / n) for n in sizes]
    for k in range(min(int(np.prod(sizes)), _MOST_CORNERS)):
        corner = np.unravel_index(k, sizes)
        yield [0.9 * np.eye(n)[i] + 0.1 / n for n, i in zip(sizes, corner, strict=True)]
    for _ in range(num_starts):
        yield [rng.dirichlet(np.ones(n)) for n in sizes]


def _among(mixtures: Sequence[np.ndarray], ends: Sequence[Found]) -> bool:
    flat = np.concatenate(list(mixtures))
    return any(
        np.abs(flat - np.concatenate(each.mixtures)).max() < _SAME for each in ends
    )


def _mixture(weights: np.ndarray) -> np.ndarray:
    weights = np.maximum(weights, 0.0)
    return weights / weights.sum()
