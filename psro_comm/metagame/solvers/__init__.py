"""Meta-solvers: make one mixture for each player from the defender's payoffs.

A meta-solver is a pure function `(payoffs [m, n], standard errors [m, n] or None) ->
([m], [n])`, in the manner of the dynamics in OpenSpiel's `egt/dynamics.py`; `solve`
checks what it returns, and `as_openspiel` is the only adapter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from absl import logging

from games.engine.registry import Entry
from psro_comm.metagame.solvers.checks import (
    MetaSolver,
    MetaSolverError,
    checked,
    gap,
    normalised,
)
from psro_comm.metagame.solvers.scale import met_gap

if TYPE_CHECKING:
    from psro_comm.metagame.solvers.cone_program import guarantee
    from psro_comm.metagame.solvers.heuristics import uniform
    from psro_comm.metagame.solvers.linear_program import (
        GAP_TOLERANCE,
        SOLVERS,
        Equilibrium,
        nash,
        solve_many,
        solve_zero_sum,
        values,
    )

__all__ = [
    "EXACT",
    "GAP_TOLERANCE",
    "META_SOLVERS",
    "SOLVERS",
    "Equilibrium",
    "MetaSolver",
    "MetaSolverError",
    "Solved",
    "as_openspiel",
    "guarantee",
    "nash",
    "solve",
    "solve_many",
    "solve_zero_sum",
    "uniform",
    "values",
]

_HERE = "psro_comm.metagame.solvers"
META_SOLVERS: dict[str, Entry] = {
    "nash": Entry(f"{_HERE}.linear_program:nash"),
    "max_entropy": Entry(f"{_HERE}.max_entropy:max_entropy_nash"),
    "quantal": Entry(f"{_HERE}.quantal:quantal_response"),
    "robust": Entry(f"{_HERE}.cone_program:robust"),
    "uniform": Entry(f"{_HERE}.heuristics:uniform"),
    "uniform_biased": Entry(f"{_HERE}.heuristics:uniform_biased"),
    "last_iterate": Entry(f"{_HERE}.heuristics:last_iterate"),
    "fictitious_play": Entry(f"{_HERE}.dynamics:fictitious_play"),
    "replicator": Entry(f"{_HERE}.dynamics:replicator"),
    "rrd": Entry(f"{_HERE}.dynamics:regularised_replicator"),
    "prd": Entry(f"{_HERE}.dynamics:projected_replicator"),
    "regret_matching": Entry(f"{_HERE}.dynamics:regret_matching"),
    "multiplicative_weights": Entry(f"{_HERE}.dynamics:multiplicative_weights"),
    "alpha_rank": Entry(f"{_HERE}.response_graph:alpha_rank"),
}
_FILES = {  # names that this module exports, and their files, imported at first use
    **dict.fromkeys(("GAP_TOLERANCE", "SOLVERS", "Equilibrium"), "linear_program"),
    **dict.fromkeys(
        ("nash", "solve_many", "solve_zero_sum", "values"), "linear_program"
    ),
    "guarantee": "cone_program",
    "uniform": "heuristics",
}
EXACT = frozenset({"nash", "max_entropy"})  # NashConv < 1e-6 of the spread, or error
FALLBACKS = ("nash", "regret_matching")  # in this order, when a solver fails
_EXACT_GAP = 1e-6


def __getattr__(name: str) -> Any:
    """Imports a solver at its first use: cvxpy takes a second, which names need not."""
    if name not in _FILES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{_HERE}.{_FILES[name]}"), name)


class Solved(NamedTuple):
    """Both mixtures of a table, and the solver that found them."""

    x: np.ndarray  # [m] defender's mixture
    y: np.ndarray  # [n] attacker's mixture
    gap: float  # NashConv of (x, y) in the table, over its spread
    solver: str  # that found them
    failures: tuple[str, ...] = ()  # of the solvers that were asked before it


def solve(
    name: str,
    payoffs: np.ndarray,
    std_errors: np.ndarray | None = None,
    *,
    registry: Mapping[str, MetaSolver] = META_SOLVERS,
) -> Solved:
    """Returns a meta-solver's mixtures, checked; if it fails, those of a fallback.

    Args:
      name: name of the solver, a key of the registry.
      payoffs: `[m, n]` payoff to the defender.
      std_errors: `[m, n]` standard errors of the payoffs, for solvers that use them.
      registry: solvers by name.

    Returns:
      The mixtures, the solver that found them, and the failures on the way to it,
      which are also logged as warnings.

    Raises:
      ValueError: an unknown name; payoffs or standard errors that are not finite.
      MetaSolverError: the fallbacks failed as well.
    """
    if name not in registry:
        known = ", ".join(registry)
        raise ValueError(f"meta-solver is {name!r}, must be one of {known}")
    payoffs = checked(payoffs)
    failures: list[str] = []
    for candidate in dict.fromkeys((name, *FALLBACKS)):
        try:
            x, y = _pair(registry[candidate](payoffs, std_errors))
            left = _proven(candidate, payoffs, x, y)
        except MetaSolverError as error:
            failures.append(f"{candidate}: {error}")
            logging.warning("Meta-solver %s", failures[-1])
        else:
            return Solved(x, y, left, candidate, tuple(failures))
    raise MetaSolverError(f"no meta-solver is left: {'; '.join(failures)}")


def _pair(found: Any) -> tuple[np.ndarray, np.ndarray]:
    """Returns both mixtures as arrays.

    Raises:
      MetaSolverError: a solver returned something else.
    """
    try:
        x, y = (np.asarray(each, dtype=np.float64) for each in found)
    except (TypeError, ValueError):
        said = " ".join(repr(found).split())[:100]
        raise MetaSolverError(f"it returned {said}, not two mixtures") from None
    return x, y


def _proven(name: str, payoffs: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    """Returns NashConv of a result over the spread; raises on a bad result.

    An exact solver's is small beside the payoffs that it meets, too.
    """
    for mixture, size in zip((x, y), payoffs.shape, strict=True):
        if mixture.shape != (size,) or not (mixture >= 0).all():
            raise MetaSolverError(f"no mixture of {size} policies: {mixture}")
        if not abs(mixture.sum() - 1) < 1e-9:
            raise MetaSolverError(f"weights sum to {mixture.sum()}")
    if name in EXACT and not met_gap(payoffs, x, y) < _EXACT_GAP:
        left = gap(payoffs, x, y)
        raise MetaSolverError(
            f"NashConv {left:.1e} in payoffs, allowed {_EXACT_GAP:.0e} of those met"
        )
    return max(gap(normalised(payoffs), x, y), 0.0)


def as_openspiel(
    meta_solver: MetaSolver,
    std_errors: Callable[[Any], np.ndarray | None] = lambda solver: None,
) -> Callable[..., Any]:
    """Returns the meta-solver in the form of `PSROSolver(meta_strategy_method=...)`.

    Args:
      meta_solver: a function of the defender's matrix and its standard errors.
      std_errors: maps OpenSpiel's solver to the standard errors of its meta-game;
        OpenSpiel's own solver has none.

    Returns:
      `f(solver, return_joint=False)`, which reads the solver's live meta-game and
      returns the list of the two mixtures; with `return_joint` also their outer
      product `[m, n]`. OpenSpiel passes both arguments by name.
    """

    def meta_strategy(solver: Any, return_joint: bool = False) -> Any:
        x, y = meta_solver(solver.get_meta_game()[0], std_errors(solver))
        return ([x, y], np.outer(x, y)) if return_joint else [x, y]

    return meta_strategy
