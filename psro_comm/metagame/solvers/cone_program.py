"""Computes mixtures that are best in the worst table that the data allow."""

import warnings

import cvxpy as cp
import numpy as np
from scipy.stats import chi2

from psro_comm.metagame.solvers.checks import (
    MetaSolverError,
    checked,
    checked_errors,
    on_simplex,
)
from psro_comm.metagame.solvers.linear_program import nash
from psro_comm.metagame.solvers.scale import WIDE, typical_spread

CONFIDENCE = 0.95
_ALLOWED = 1e-6  # of the scale: how far from the best a result may be
_CLIPS, _WIDER = (
    (1e2, 1e4, 1e6),
    1e3,
)  # typical spreads; and the scale of a clipped game
_OPTIONS = {"tol_gap_abs": 1e-11, "tol_gap_rel": 1e-11, "tol_feas": 1e-11}


def robust(
    payoffs: np.ndarray,
    std_errors: np.ndarray | None = None,
    *,
    confidence: float = CONFIDENCE,
) -> tuple[np.ndarray, np.ndarray]:
    """Returns mixtures that maximise what each side earns at least in the true table.

        max_x min_j  U_j' x - k ||s_j * x||_2,    k^2 = quantile of chi2_m, 1 - a / n

    U_j and s_j are column j of the means and of their standard errors, a is
    1 - `confidence`. The set {T : ||(T_j - U_j) / s_j|| <= k for all j} holds the true
    table with that probability if errors are normal and independent within a column
    (Bonferroni over the n columns). The attacker's side is the same program of -U'
    with chi2_n and m. The two are apart: this is no equilibrium, and each side is
    judged by its own `guarantee`. Without noise it is Nash.

    Args:
      payoffs: `[m, n]` payoff to the defender.
      std_errors: `[m, n]` standard errors of the payoffs; None is no noise.
      confidence: confidence of each side's region.

    Raises:
      ValueError: bad payoffs, standard errors or confidence.
      MetaSolverError: the second-order cone program failed.

    Source: Aghassi and Bertsimas 2006, Robust game theory, section 3; ellipsoids as in
      Ben-Tal and Nemirovski 1999.
    """
    payoffs = checked(payoffs)
    std_errors = checked_errors(payoffs, std_errors)
    if not std_errors.any():
        return nash(payoffs)
    x = secured(payoffs, std_errors, confidence)
    return x, secured(-payoffs.T, std_errors.T, confidence)


def radius(shape: tuple[int, ...], confidence: float = CONFIDENCE) -> float:
    """Returns the radius k of an `[m, n]` table's confidence region, for its rows.

    Raises:
      ValueError: a confidence outside (0, 1).
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}, must lie in (0, 1)")
    m, n = shape
    return float(np.sqrt(chi2.ppf(1 - (1 - confidence) / n, df=m)))


def guarantee(
    payoffs: np.ndarray,
    std_errors: np.ndarray,
    x: np.ndarray,
    confidence: float = CONFIDENCE,
) -> float:
    """Returns what a mixture of rows earns in the worst table of the region.

        min_j  U_j' x - k ||s_j * x||_2

    For the attacker's mixture: `-guarantee(-U.T, s.T, y)` is what it concedes at most.

    Args:
      payoffs: `[m, n]` payoff to the player of the rows.
      std_errors: `[m, n]` standard errors of the payoffs.
      x: `[m]` the mixture.
      confidence: confidence of the region.
    """
    noise = np.linalg.norm(std_errors * x[:, None], axis=0)
    return float((x @ payoffs - radius(payoffs.shape, confidence) * noise).min())


def secured(
    payoffs: np.ndarray, std_errors: np.ndarray, confidence: float = CONFIDENCE
) -> np.ndarray:
    """Returns the rows' mixture of the best `guarantee`, proven by a dual bound.

    It is one side of `robust`, for a table with noise. Where a few payoffs or errors
    make nearly all of the spread, they are clipped, and rows that would risk them are
    left out; the result is proven in the table as it is.

    Raises:
      MetaSolverError: the second-order cone program failed, or proves too little.
    """
    noise = radius(payoffs.shape, confidence) * std_errors
    payoffs = payoffs - np.median(payoffs)
    lower = payoffs - noise
    scale, width = max(np.ptp(payoffs), noise.max()), _typical(payoffs, noise)
    clips: tuple[float, ...] = (np.inf,)
    if scale > WIDE * width:
        clips, scale = (*_CLIPS, np.inf), _WIDER * width
    found: list[tuple[float, int, np.ndarray]] = []
    most, failures = np.inf, []
    for clip in clips:
        high = clip * (width or 1.0)
        low = -high
        kept = np.clip(payoffs, low, high)
        try:
            x, y, shift = _solved(kept, kept - np.clip(lower, low, high))
        except MetaSolverError as error:
            failures.append(str(error))
            continue
        for each in (x, _without(np.any(lower < low, axis=1), x)):
            earned = guarantee(payoffs, std_errors, each, confidence)
            found.append((earned, len(found), each))
        for each in (y, _without(np.any(payoffs > high, axis=0), y)):
            most = min(most, _bound(payoffs, noise, each, shift))
        if most - max(found)[0] < _ALLOWED * width:
            break
    if not found:
        raise MetaSolverError("; ".join(failures))
    best, _, mixture = max(found)
    if not most - best < _ALLOWED * max(scale, abs(best)):
        raise MetaSolverError(
            f"its guarantee is {most - best:.2g} below what is not excluded"
        )
    return mixture


def _typical(payoffs: np.ndarray, noise: np.ndarray) -> float:
    """Returns the larger one of the payoffs' typical spread and the usual noise."""
    return max(float(typical_spread(payoffs)), float(np.median(noise)))


def _solved(
    payoffs: np.ndarray, noise: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the best mixture of rows, and the dual's mixture and shift of columns."""
    scale = max(np.ptp(payoffs), noise.max())
    scaled, spread = (payoffs - payoffs.min()) / scale, cp.Variable(payoffs.shape[1])
    x, value = cp.Variable(payoffs.shape[0], nonneg=True), cp.Variable()
    cone = cp.SOC(spread, cp.multiply(noise / scale, x[:, None]), axis=0)
    secured = scaled.T @ x - spread >= value
    problem = cp.Problem(cp.Maximize(value), [secured, cone, cp.sum(x) == 1])
    try:
        with warnings.catch_warnings():  # of inaccuracy; the bound decides
            warnings.simplefilter("ignore", UserWarning)
            problem.solve(solver="CLARABEL", **_OPTIONS)
    except cp.error.SolverError as error:
        raise MetaSolverError(f"CLARABEL: {error}") from error
    mixture, against = on_simplex(x.value), on_simplex(secured.dual_value)
    return mixture, against, np.asarray(cone.dual_value[1])


def _without(left_out: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Returns the mixture of those that are not left out, if there are any."""
    kept = np.where(left_out, 0.0, weights)
    return on_simplex(kept) if kept.sum() > 0 else weights


def _bound(
    payoffs: np.ndarray, noise: np.ndarray, y: np.ndarray, shift: np.ndarray
) -> float:
    """Returns an upper bound of all guarantees, by the cone program's dual.

        max_i sum_j (y_j U_ij - s_ij z_ij),   ||z_j|| <= y_j

    Every such z is a table of the region: in it y concedes no row more than this.
    """
    length = np.linalg.norm(shift, axis=0)
    inside = shift * np.where(length > y, y / np.where(length > 0, length, 1.0), 1.0)
    # Both signs are bounds; cvxpy's convention for a cone's dual need not be known.
    return min(
        float((payoffs @ y - (noise * sign * inside).sum(axis=1)).max())
        for sign in (-1.0, 1.0)
    )
