"""Checks the input and the output of every meta-solver."""

from typing import Protocol

import numpy as np

LARGEST = 1e150  # of a payoff, and of one over the spread: products must not overflow


class MetaSolver(Protocol):
    """A function from payoffs `[m, n]` and standard errors to mixtures `[m]`, `[n]`."""

    def __call__(
        self, payoffs: np.ndarray, std_errors: np.ndarray | None = None, /
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns both mixtures, defender first."""


class MetaSolverError(ValueError):
    """The error that a solver failed, or that its result is wrong."""


def checked(payoffs: np.ndarray) -> np.ndarray:
    """Returns the payoffs as float64.

    Raises:
      ValueError: not `[m, n]`, empty, NaN or infinite; the entry is named.
    """
    payoffs = np.asarray(payoffs, dtype=np.float64)
    if payoffs.ndim != 2 or payoffs.size == 0:
        raise ValueError(f"a payoff matrix must be [m, n], got {payoffs.shape}")
    _refuse(payoffs, ~np.isfinite(payoffs), "a payoff must be finite")
    return payoffs


def checked_errors(payoffs: np.ndarray, std_errors: np.ndarray | None) -> np.ndarray:
    """Returns the standard errors as float64; None is a table without noise.

    Raises:
      ValueError: not of the payoffs' shape, negative, NaN or infinite.
    """
    if std_errors is None:
        return np.zeros_like(payoffs)
    std_errors = np.asarray(std_errors, dtype=np.float64)
    if std_errors.shape != payoffs.shape:
        raise ValueError(
            f"payoffs {payoffs.shape} need such standard errors, got {std_errors.shape}"
        )
    broken = ~(np.isfinite(std_errors) & (std_errors >= 0))
    _refuse(std_errors, broken, "a standard error must be finite and not negative")
    return std_errors


def check_size(payoffs: np.ndarray) -> None:
    """Raises `ValueError` if products of payoffs or of their spreads are no numbers."""
    known = payoffs[np.isfinite(payoffs)]
    if not known.size:
        return
    largest = float(np.abs(known).max())
    if largest > LARGEST:
        raise ValueError(f"a payoff of size {largest:.3g}: at most {LARGEST:g} is read")
    if 0 < float(np.ptp(known)) < 1 / LARGEST:
        raise ValueError(
            f"payoffs that differ by {np.ptp(known):.3g}: at least {1 / LARGEST:g} is"
            " read"
        )


def normalised(payoffs: np.ndarray) -> np.ndarray:
    """Shifts and scales the payoffs to [1, 2], which leaves equilibria unchanged.

    Tolerances of solvers are absolute, and HiGHS takes coefficients below 1e-9 for
    zero; both are harmless in this range. The power of two comes first because it
    rounds nothing and keeps `max - min` of the largest floats from overflowing.

    Args:
      payoffs: `[..., m, n]`, each table by itself.
    """
    _, exponent = np.frexp(np.abs(payoffs).max(axis=(-2, -1), keepdims=True))
    payoffs = np.ldexp(payoffs, -exponent)
    least = payoffs.min(axis=(-2, -1), keepdims=True)
    spread = payoffs.max(axis=(-2, -1), keepdims=True) - least
    return 1 + (payoffs - least) / np.where(spread > 0, spread, 1)


def on_simplex(weights: np.ndarray | None) -> np.ndarray:
    """Returns weights without a solver's rounding: OpenSpiel rejects even -1e-9.

    Raises:
      MetaSolverError: there are no weights, or they have no positive sum.
    """
    if weights is None or not np.sum(weights) > 0:
        raise MetaSolverError(f"no mixture but {weights}")
    weights = np.clip(weights, 0, None)
    return weights / weights.sum()


def gap(payoffs: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    """Returns NashConv of two mixtures, the gap max_i (U y)_i - min_j (x' U)_j.

    It is zero exactly at an equilibrium (von Neumann's minimax theorem), and proves how
    far from one they are at most, whatever the solver's status is. Rounding may make it
    slightly negative.
    """
    return float((payoffs @ y).max() - (x @ payoffs).min())


def _refuse(array: np.ndarray, broken: np.ndarray, rule: str) -> None:
    for row, column in np.argwhere(broken):
        found = array[row, column]
        raise ValueError(f"{rule}, [{row}, {column}] is {found}")
