"""Computes alpha-rank: the share of time that evolution spends in each pair."""

import numpy as np

from psro_comm.metagame.solvers.checks import (
    MetaSolverError,
    checked,
    normalised,
    on_simplex,
)

MAX_PROFILES = 400  # m times n; the chain is dense, its eigenvectors cubic in this


def alpha_rank(
    payoffs: np.ndarray, std_errors: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Returns both marginals of alpha-rank at infinite selection pressure.

    They are marginals of the stationary distribution of a Markov chain over pairs of
    policies, in which a player moves to any policy that is better against the other's
    present one. It uses the signs of differences only, and is no equilibrium.

    Args:
      payoffs: `[m, n]` payoff to the defender.
      std_errors: not used.

    Raises:
      MetaSolverError: more than `MAX_PROFILES` pairs (minutes, and gigabytes), or the
        chain has not exactly one stationary distribution.

    Source: Omidshafiei et al. 2019, alpha-Rank, section 3; OpenSpiel's implementation.
    """
    # Imported here because it loads matplotlib, a second in each worker that starts.
    from open_spiel.python.algorithms.psro_v2 import utils
    from open_spiel.python.egt import alpharank

    scaled = normalised(checked(payoffs))
    if scaled.size > MAX_PROFILES:
        raise MetaSolverError(
            f"alpha-rank of {scaled.shape} has {scaled.size} pairs,"
            f" allowed {MAX_PROFILES}"
        )
    tables = [scaled, -scaled]
    try:
        stationary = alpharank.compute(tables, use_inf_alpha=True)[2]
    except (ValueError, IndexError, np.linalg.LinAlgError) as error:
        raise MetaSolverError(f"alpha-rank: {error}") from error
    x, y = utils.get_alpharank_marginals(tables, stationary)
    return on_simplex(x), on_simplex(y)
