"""Alpha-rank: how long evolution stays with each pair of policies."""

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
    """Both marginals of alpha-rank at infinite selection pressure.

    The stationary distribution of the Markov chain over pairs of policies in which a
    player moves to whatever is better against the other's present policy. It sees
    the signs of differences only, and it ranks: it is no equilibrium.

    Args:
      payoffs: `[m, n]` payoff to the defender.
      std_errors: not used.

    Raises:
      MetaSolverError: more than `MAX_PROFILES` pairs (minutes, and gigabytes), or the
        chain has not exactly one stationary distribution.

    Source: Omidshafiei et al. 2019, alpha-Rank, section 3; OpenSpiel's implementation.
    """
    # Here, not above: it brings matplotlib, a second in each worker that starts.
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
