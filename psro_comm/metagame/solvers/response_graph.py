"""Computes alpha-rank: the share of time that evolution spends in each pair.

Pairs of policies are the nodes of the response graph; an edge leads to each pair that
one player prefers, given the other's policy. At infinite selection pressure evolution
ends in the graph's sinks: strongly connected parts that no edge leaves.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from psro_comm.metagame.solvers.checks import (
    MetaSolverError,
    checked,
    checked_errors,
)

MAX_PROFILES = 10_000  # m times n; the graph has m + n - 2 edges for each
MAX_CHAIN = 1_600  # pairs of a sink, or of all where there are several: cubic in it
ALPHAS = (0.1, 1.0, 10.0, 100.0, 1000.0)  # over the spread of the payoffs
_ROUNDING = 1e-12  # of two payoffs: a smaller difference is none
_RARE = 1e-9  # of a step: chance of one against preference, whose limit is 0
_POPULATION = 50  # individuals, at finite selection pressure


class Ranking(NamedTuple):
    """Alpha-rank's distribution over pairs of policies.

    Attributes:
      joint: `[m, n]` share of time in each pair.
      sinks: the pairs of each sink of the response graph, as `(row, column)`.
    """

    joint: np.ndarray
    sinks: list[list[tuple[int, int]]]


def alpha_rank(
    payoffs: np.ndarray, std_errors: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Returns both marginals of alpha-rank at infinite selection pressure.

    It uses the signs of differences only, and is no equilibrium.

    Args:
      payoffs: `[m, n]` payoff to the defender.
      std_errors: not used; `rank_pairs` counts differences within them as ties.

    Raises:
      MetaSolverError: as `rank_pairs`.

    Source: Omidshafiei et al. 2019, alpha-Rank, section 3.
    """
    joint = rank_pairs(payoffs).joint
    return joint.sum(axis=1), joint.sum(axis=0)


def rank_pairs(
    payoffs: np.ndarray,
    std_errors: np.ndarray | None = None,
    *,
    ties: float = 0.0,
    noise: float = 0.0,
) -> Ranking:
    """Returns the stationary distribution of evolution at infinite selection pressure.

    A player and another policy of it are drawn evenly; it moves there surely if it
    earns more, half of the times at a tie, and with chance `noise` if it earns less.
    Without noise the distribution is the limit for noise that vanishes: only sinks have
    weight, and how much each has depends on how easily it is left.

    Args:
      payoffs: `[m, n]` payoff to the defender.
      std_errors: `[m, n]` standard errors, for `ties`.
      ties: a difference of as many of its standard errors, or fewer, is a tie.
      noise: chance of a move to a worse policy; OpenSpiel's is 0.01, and leaves a
        20 by 20 game with one strict sink 0.70 there, not 1.

    Raises:
      ValueError: bad payoffs or standard errors, ties or noise below 0.
      MetaSolverError: the graph or a chain in it would take minutes.

    Source: Omidshafiei et al. 2019, alpha-Rank, theorem 2.1.4 (the sinks); Grassmann,
      Taksar and Heyman 1985 (stationary distributions without subtraction).
    """
    payoffs = checked(payoffs)
    errors = checked_errors(payoffs, std_errors)
    if not (0 <= ties < np.inf and 0 <= noise < 0.5):
        raise ValueError(f"ties is {ties}, noise is {noise}: 0 or more, below 0.5")
    if payoffs.size > MAX_PROFILES:
        raise MetaSolverError(
            f"alpha-rank of {payoffs.shape} has {payoffs.size} pairs,"
            f" allowed {MAX_PROFILES}"
        )
    starts, ends, signs = _edges(payoffs, errors, ties)
    size = payoffs.size
    better = signs >= 0
    graph = csr_matrix(
        (np.ones(better.sum()), (starts[better], ends[better])), (size, size)
    )
    sinks = _sinks(graph)
    chance = np.where(signs > 0, 1.0 - noise, np.where(signs == 0, 0.5, noise))
    inside = sinks[0] if len(sinks) == 1 and not noise else np.arange(size)
    if len(inside) > MAX_CHAIN:
        what = "a sink" if len(sinks) == 1 else f"{len(sinks)} sinks among"
        raise MetaSolverError(
            f"alpha-rank has {what} {len(inside)} pairs, allowed {MAX_CHAIN}"
        )
    if len(sinks) > 1 and not noise:
        chance = np.where(signs < 0, _RARE, chance)
    whole = csr_matrix((chance, (starts, ends)), (size, size))
    joint = np.zeros(size)
    joint[inside] = stationary(whole[inside][:, inside].toarray())
    places = [[divmod(int(k), payoffs.shape[1]) for k in sink] for sink in sinks]
    return Ranking(joint.reshape(payoffs.shape), places)


def sweep(
    payoffs: np.ndarray, alphas: Sequence[float] = ALPHAS
) -> list[tuple[float, np.ndarray]]:
    """Returns the joint distributions at finite selection pressures.

    A mutant policy of one player takes over its population of M individuals with the
    chance of a Moran process,

        (1 - exp(-alpha d)) / (1 - exp(-alpha M d)),   d its gain;   1 / M at d = 0

    Args:
      payoffs: `[m, n]` payoff to the defender.
      alphas: selection pressures, over the spread of the payoffs.

    Returns:
      `(alpha, [m, n])` for each.

    Raises:
      MetaSolverError: more than `MAX_CHAIN` pairs.

    Source: Omidshafiei et al. 2019, alpha-Rank, equation 9.
    """
    payoffs = checked(payoffs)
    if payoffs.size > MAX_CHAIN:
        raise MetaSolverError(f"a sweep of {payoffs.size} pairs, allowed {MAX_CHAIN}")
    scale = np.ptp(payoffs) or 1.0
    starts, ends, gains = _moves(payoffs / scale)
    found = []
    for alpha in alphas:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            step = -alpha * gains
            chance = np.expm1(step) / np.expm1(_POPULATION * step)
            # Far below 0 both are infinite; the ratio is that of their sizes.
            chance = np.where(
                np.isfinite(chance), chance, np.exp((1 - _POPULATION) * step)
            )
        chance = np.where(gains == 0, 1 / _POPULATION, np.maximum(chance, 1e-300))
        rates = csr_matrix((chance, (starts, ends)), (payoffs.size, payoffs.size))
        found.append((float(alpha), stationary(rates.toarray()).reshape(payoffs.shape)))
    return found


def stationary(rates: np.ndarray) -> np.ndarray:
    """Returns the stationary distribution of a chain, by state reduction.

    Nothing is subtracted, so that weights are right to rounding even where rates differ
    by many orders of magnitude.

    Args:
      rates: `[N, N]` rates from state to state, of one recurrent class; the diagonal
        does not matter.
    """
    rates, size = rates.copy(), len(rates)
    for k in range(size - 1, 0, -1):
        out = rates[k, :k].sum()
        if not out > 0:
            raise MetaSolverError("alpha-rank's chain has more than one class")
        rates[:k, k] /= out
        rates[:k, :k] += np.outer(rates[:k, k], rates[k, :k])
    weights = np.zeros(size)
    weights[0] = 1.0
    for k in range(1, size):
        weights[k] = weights[:k] @ rates[:k, k]
        weights[: k + 1] /= weights[: k + 1].sum()
    return weights


def _moves(payoffs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns every change of one policy: start, end, and who moves' gain, `[E]`."""
    m, n = payoffs.shape
    nodes = np.arange(m * n).reshape(m, n)
    i, k, j = (each.ravel() for each in np.meshgrid(*map(np.arange, (m, m, n))))
    rows = i != k
    a, b, c = (each.ravel() for each in np.meshgrid(*map(np.arange, (m, n, n))))
    columns = b != c
    i, k, j, a, b, c = (*(e[rows] for e in (i, k, j)), *(e[columns] for e in (a, b, c)))
    return (
        np.concatenate([nodes[i, j], nodes[a, b]]),
        np.concatenate([nodes[k, j], nodes[a, c]]),
        np.concatenate([payoffs[k, j] - payoffs[i, j], payoffs[a, b] - payoffs[a, c]]),
    )


def _edges(
    payoffs: np.ndarray, errors: np.ndarray, ties: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns every move's start, end, and sign: better, worse, or 0 for a tie."""
    payoffs = np.ldexp(payoffs, -1)  # no difference overflows
    starts, ends, gains = _moves(payoffs)
    flat, noise = payoffs.ravel(), errors.ravel() / 2
    largest = np.maximum(np.abs(flat[starts]), np.abs(flat[ends]))
    within = np.maximum(
        _ROUNDING * largest, ties * np.hypot(noise[starts], noise[ends])
    )
    return starts, ends, np.where(np.abs(gains) <= within, 0.0, np.sign(gains))


def _sinks(graph: csr_matrix) -> list[np.ndarray]:
    """Returns the nodes of each strongly connected part that no edge leaves."""
    count, part = connected_components(graph, directed=True, connection="strong")
    edges = graph.tocoo()
    left = part[edges.row[part[edges.row] != part[edges.col]]]
    closed = np.setdiff1d(np.arange(count), left)
    return [np.flatnonzero(part == each) for each in closed]
