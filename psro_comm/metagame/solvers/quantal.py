"""Computes quantal response: players choose better policies more often, not always."""

import numpy as np
from scipy.special import softmax

from psro_comm.metagame.solvers.checks import MetaSolverError, checked, normalised
from psro_comm.metagame.solvers.scale import of_one_scale

RATIONALITY = 20.0  # per spread of the payoffs
_STEPS = 40  # Newton steps at each rationality; a handful is enough
_RESIDUAL = 1e-10


@of_one_scale
def quantal_response(
    payoffs: np.ndarray,
    std_errors: np.ndarray | None = None,
    *,
    rationality: float = RATIONALITY,
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the logit equilibrium, a mutual fixed point of noisy best responses.

        x_i ~ exp(lambda (U y)_i),   y_j ~ exp(-lambda (x' U)_j)

    with lambda = `rationality` / (max U - min U). In a zero-sum game it is unique: the
    saddle point of x' U y + (H(x) - H(y)) / lambda. Newton's method on the logits finds
    it, while lambda grows from 1 by doubling, as along Gambit's branch.

    Args:
      payoffs: `[m, n]` payoff to the defender.
      std_errors: not used.
      rationality: lambda in units of one over the spread; 0 is uniform play, and as it
        grows the limit is the maximum-entropy Nash equilibrium.

    Raises:
      ValueError: a negative rationality.
      MetaSolverError: Newton's method did not converge.

    Source: McKelvey and Palfrey 1995, Quantal response equilibria, eq. 4.
    """
    if not 0 <= rationality < np.inf:
        raise ValueError(f"rationality is {rationality}, must be at least 0")
    scaled = normalised(checked(payoffs))
    m, n = scaled.shape
    logits = np.zeros(m + n)
    doublings = 2.0 ** np.arange(np.log2(max(rationality, 1.0)))
    for strength in (*doublings, rationality):
        logits = _newton(strength * scaled, logits)
    return softmax(logits[:m]), softmax(logits[m:])


def _newton(scaled: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Solves a = U y(b), b = -U' x(a) for the logits (a, b), where lambda is in U."""
    m, n = scaled.shape

    def residual(at: np.ndarray) -> np.ndarray:
        x, y = softmax(at[:m]), softmax(at[m:])
        found = at - np.concatenate([scaled @ y, -(x @ scaled)])
        # Logits are defined up to a constant for each side.
        found[:m] -= found[:m].mean()
        found[m:] -= found[m:].mean()
        return found

    left = residual(logits)
    for _ in range(_STEPS):
        if np.abs(left).max() < _RESIDUAL * max(1.0, np.abs(scaled).max()):
            return logits
        x, y = softmax(logits[:m]), softmax(logits[m:])
        slope = np.eye(m + n)
        slope[:m, m:] = -scaled @ (np.diag(y) - np.outer(y, y))
        slope[m:, :m] = scaled.T @ (np.diag(x) - np.outer(x, x))
        try:
            step = np.linalg.solve(slope, left)
        except np.linalg.LinAlgError as error:
            raise MetaSolverError(f"Newton's method: {error}") from error
        size = 1.0
        while size > 1e-6:
            trial = residual(logits - size * step)
            if np.linalg.norm(trial) < (1 - size / 4) * np.linalg.norm(left):
                break
            size /= 2
        logits, left = logits - size * step, residual(logits - size * step)
    if np.abs(left).max() < 1e-6:
        return logits
    raise MetaSolverError(f"Newton's method left {np.abs(left).max():.1e}")
