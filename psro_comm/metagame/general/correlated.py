"""Finds correlated and coarse correlated equilibria, by linear programs."""

import warnings
from collections.abc import Callable
from typing import NamedTuple

import cvxpy as cp
import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from psro_comm.metagame.general.normal_form import WIDE, NormalFormGame
from psro_comm.metagame.solvers.checks import MetaSolverError, on_simplex

# Numbers in the constraints; solvers take minutes beyond. Coarse ones have few lines.
MOST_NUMBERS, MOST_COARSE = 60_000, 1_000_000
MOST_ENTROPY = 2_000  # profiles, for the interior-point method
_SLACK = 1e-8  # of the spread: gives the interior-point method an interior
_ALLOWED = 1e-6  # gain by a deviation, of the spread


class Joint(NamedTuple):
    """A distribution over profiles from which nobody gains by deviating.

    Attributes:
      distribution: `[n_1, ..., n_k]`.
      payoffs: `[k]` what each player earns.
      gain: what some player gains by deviating, in payoffs; 0 but for rounding.
    """

    distribution: np.ndarray
    payoffs: np.ndarray
    gain: float


def deviation_gains(game: NormalFormGame, *, coarse: bool) -> sparse.csr_array:
    """Returns the gain of each deviation in each profile, `[deviations, profiles]`.

    Correlated: play t whenever s is advised, a line for each player and s, t.
    Coarse: play t whatever is advised, a line for each player and t.

    Raises:
      ValueError: the game is too large.

    Source: Aumann 1974, 1987 (correlated); Moulin and Vial 1978 (coarse).
    """
    shape = game.payoffs.shape[1:]
    needed = int(np.prod(shape)) * sum(n if coarse else n - 1 for n in shape)
    most = MOST_COARSE if coarse else MOST_NUMBERS
    if needed > most:
        raise ValueError(
            f"correlated equilibria of {' by '.join(map(str, shape))} profiles take"
            f" {needed:,} numbers, at most {most:,} are solved"
        )
    places = np.arange(np.prod(shape)).reshape(shape)
    rows, columns, gains = [], [], []
    line = 0
    for p, size in enumerate(shape):
        own = game.own_table(p)  # [n_p, others]
        at = np.moveaxis(places, p, 0).reshape(size, -1)
        for t in range(size):
            for s in range(size):
                if s == t:
                    continue
                rows.append(np.full(at.shape[1], line))
                columns.append(at[s])
                gains.append(own[t] - own[s])
                line += not coarse
            line += coarse
    if not rows:
        return sparse.csr_array((line, places.size))
    data = np.concatenate(gains), (np.concatenate(rows), np.concatenate(columns))
    return sparse.csr_array(data, shape=(line, places.size))


def best_for(
    game: NormalFormGame, weights: np.ndarray, *, coarse: bool = False
) -> Joint:
    """Returns the (coarse) correlated equilibrium of the largest weighted payoff.

    Args:
      game: the game.
      weights: `[k]` of the players' payoffs; all 1 is welfare.
      coarse: whether coarse correlated ones will do.

    Raises:
      ValueError: the game is too large.
      MetaSolverError: HiGHS failed, or payoffs are too far apart for it.
    """
    _check_scale(game)
    goal = np.tensordot(weights, game.payoffs, axes=1).ravel()
    scale = np.ptp(goal) or 1.0
    limits = deviation_gains(game, coarse=coarse) / game.spread
    found = linprog(
        -(goal - goal.min()) / scale,
        A_ub=limits,
        b_ub=np.zeros(limits.shape[0]),
        A_eq=np.ones((1, goal.size)),
        b_eq=[1.0],
        method="highs",
        options={
            "primal_feasibility_tolerance": 1e-10,
            "dual_feasibility_tolerance": 1e-10,
        },
    )
    if found.x is None:
        raise MetaSolverError(f"HiGHS: {found.message}")
    return _joint(game, found.x, limits)


def most_mixed(game: NormalFormGame, *, coarse: bool = False) -> Joint:
    """Returns the (coarse) correlated equilibrium of the highest entropy: unique.

    Raises:
      ValueError: the game is too large.
      MetaSolverError: the interior-point method failed, or payoffs are too far apart.

    Source: Ortiz, Schapire, Kakade 2007, Maximum entropy correlated equilibria.
    """
    _check_scale(game)
    limits = deviation_gains(game, coarse=coarse) / game.spread
    if limits.shape[1] > MOST_ENTROPY:
        raise ValueError(
            f"the most mixed one of {limits.shape[1]:,} profiles: at most"
            f" {MOST_ENTROPY:,} are solved"
        )
    joint = cp.Variable(limits.shape[1])
    constraints = [cp.sum(joint) == 1]
    if limits.shape[0]:
        constraints.append(limits @ joint <= _SLACK)
    problem = cp.Problem(cp.Maximize(cp.sum(cp.entr(joint))), constraints)
    try:
        with warnings.catch_warnings():  # of inaccuracy; the gains decide
            warnings.simplefilter("ignore", UserWarning)
            problem.solve(solver="CLARABEL")
    except cp.error.SolverError as error:
        raise MetaSolverError(f"CLARABEL: {error}") from error
    return _joint(game, joint.value, limits)


FINDERS: dict[str, Callable[..., Joint]] = {
    "max_welfare": lambda game, coarse: best_for(
        game, np.ones(len(game.groups)), coarse=coarse
    ),
    "min_welfare": lambda game, coarse: best_for(
        game, -np.ones(len(game.groups)), coarse=coarse
    ),
    "max_entropy": lambda game, coarse: most_mixed(game, coarse=coarse),
}


def _check_scale(game: NormalFormGame) -> None:
    """Refuses a game in which a weight of 1e-10 on 1e10 is as much as all others."""
    whole = float(np.ptp(game.payoffs))
    if whole > WIDE * game.spread:
        raise MetaSolverError(
            f"payoffs spread over {whole:.1e}, most over {game.spread:.1e}: too wide"
            " for a linear program"
        )


def _joint(
    game: NormalFormGame, weights: np.ndarray | None, limits: sparse.csr_array
) -> Joint:
    """Returns the distribution of a solver's weights, after checking its gains."""
    weights = on_simplex(weights)
    # `limits` are in spreads, and averaged over what is advised.
    gain = max(0.0, float((limits @ weights).max(initial=0.0)))
    if not gain < _ALLOWED:
        raise MetaSolverError(f"a deviation gains {gain:.1e} of the spread")
    payoffs = game.payoffs.reshape(len(game.groups), -1) @ weights
    return Joint(weights.reshape(game.payoffs.shape[1:]), payoffs, gain * game.spread)
