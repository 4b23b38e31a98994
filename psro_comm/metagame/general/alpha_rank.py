"""Computes alpha-rank of any number of players, on the response graph itself."""

from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from psro_comm.metagame.general.normal_form import NormalFormGame
from psro_comm.metagame.solvers.checks import MetaSolverError

MOST_PROFILES = 1_000  # of the chain, which is dense; its elimination is cubic
_TIE = 1e-12  # of the two payoffs: rounding
_MUTATION = 1e-12  # weight of a step that loses, against 1 of one that gains
_NOTHING = 1e-8  # a smaller share is 0 in the limit of no mutation


class AlphaRank(NamedTuple):
    """The response graph's stationary distribution and its sinks.

    Attributes:
      joint: `[n_1, ..., n_k]` share of time in each profile.
      sinks: the strongly connected sets of profiles that no better response leaves,
        largest share first.
    """

    joint: np.ndarray
    sinks: list[list[tuple[int, ...]]]

    def marginals(self) -> list[np.ndarray]:
        """Returns each player's share of time on its strategies."""
        axes = range(self.joint.ndim)
        return [self.joint.sum(axis=tuple(q for q in axes if q != p)) for p in axes]


def alpha_rank(game: NormalFormGame) -> AlphaRank:
    """Returns alpha-rank in the limit of infinite selection and vanishing mutation.

    A Markov chain over profiles: one player at a time moves to a strategy that earns
    more with weight 1, as much with weight 1/2, less with a weight that goes to 0. The
    weights are kept at 1e-12 and the chain is solved without any subtraction, so that
    every share is exact to 1e-8, whatever the size of the game; smaller ones are 0.
    Signs of payoff differences alone count.

    Raises:
      MetaSolverError: more than `MOST_PROFILES` profiles.

    Source: Omidshafiei et al. 2019, alpha-Rank, theorem 2.1.3 and section 3; Grassmann,
      Taksar, Heyman 1985, Operations Research 33 (the elimination).
    """
    shape = game.payoffs.shape[1:]
    number = int(np.prod(shape))
    if number > MOST_PROFILES:
        raise MetaSolverError(
            f"alpha-rank of {number:,} profiles: at most {MOST_PROFILES:,} are solved"
        )
    rates = response_rates(game)
    stationary = _stationary(rates)
    stationary[stationary < _NOTHING] = 0.0
    stationary /= stationary.sum()
    better = sparse.csr_array(rates >= 0.5)
    count, label = connected_components(better, directed=True, connection="strong")
    leaves = np.zeros(count, dtype=bool)
    source, target = better.nonzero()
    leaves[label[source[label[source] != label[target]]]] = True
    places = [np.flatnonzero(label == k) for k in np.flatnonzero(~leaves)]
    places.sort(key=lambda each: -stationary[each].sum())
    sinks = [
        [tuple(map(int, np.unravel_index(k, shape))) for k in each] for each in places
    ]
    return AlphaRank(stationary.reshape(shape), sinks)


def response_rates(game: NormalFormGame) -> np.ndarray:
    """Returns the weight of each step from profile to profile, `[N, N]`.

    1 where the one player who moves gains, 1/2 where it earns the same, `_MUTATION`
    where it loses; 0 where more than one player would have to move.
    """
    shape = game.payoffs.shape[1:]
    places = np.arange(np.prod(shape)).reshape(shape)
    rates = np.zeros((places.size, places.size))
    for p, size in enumerate(shape):
        own = game.own_table(p)
        at = np.moveaxis(places, p, 0).reshape(size, -1)
        for s in range(size):
            for t in range(size):
                if s == t:
                    continue
                edge = own[t] - own[s]
                tie = np.abs(edge) <= _TIE * np.maximum(np.abs(own[t]), np.abs(own[s]))
                weight = np.where(edge > 0, 1.0, _MUTATION)
                rates[at[s], at[t]] = np.where(tie, 0.5, weight)
    return rates


def _stationary(rates: np.ndarray) -> np.ndarray:
    """Returns the stationary distribution of a chain, without any subtraction.

    States are eliminated from the last; their rates are passed to those before.
    """
    rates = rates.copy()
    np.fill_diagonal(rates, 0.0)
    for k in range(len(rates) - 1, 0, -1):
        total = rates[k, :k].sum()
        rates[:k, k] /= total
        rates[:k, :k] += np.outer(rates[:k, k], rates[k, :k])
        np.fill_diagonal(rates[:k, :k], 0.0)
    share = np.zeros(len(rates))
    share[0] = 1.0
    for k in range(1, len(rates)):
        share[k] = share[:k] @ rates[:k, k]
        share[: k + 1] /= share[: k + 1].max()
    return share / share.sum()
