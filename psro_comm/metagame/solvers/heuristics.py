"""Makes mixtures from the size of the table alone: controls without game theory."""

import numpy as np

from psro_comm.metagame.solvers.checks import checked


def uniform(
    payoffs: np.ndarray, std_errors: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Returns mixtures of all policies with equal weights.

    Args:
      payoffs: `[m, n]` payoff to the defender; only its shape matters.
      std_errors: not used.

    Returns:
      `[m]` and `[n]`, the mixtures of defender and attacker.

    Source: paper algorithm 1, line 3.
    """
    m, n = checked(payoffs).shape
    return np.full(m, 1 / m), np.full(n, 1 / n)


def uniform_biased(
    payoffs: np.ndarray, std_errors: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Returns mixtures with more weight on newer policies, x_i ~ exp(i).

    Args, Returns: as `uniform`.

    Source: OpenSpiel's `uniform_biased` (psro_v2/meta_strategies.py).
    """
    m, n = checked(payoffs).shape
    return _growing(m), _growing(n)


def last_iterate(
    payoffs: np.ndarray, std_errors: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the newest policy of each side alone, as in self-play.

    Args, Returns: as `uniform`.
    """
    m, n = checked(payoffs).shape
    return np.eye(m)[-1], np.eye(n)[-1]


def _growing(count: int) -> np.ndarray:
    weights = np.exp(np.arange(count) - (count - 1.0))
    return weights / weights.sum()
