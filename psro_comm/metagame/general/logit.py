"""Follows the logit equilibria of a game from uniform play to a Nash equilibrium."""

from typing import NamedTuple

import numpy as np

from psro_comm.metagame.general.normal_form import Game, regrets
from psro_comm.metagame.general.search import polished
from psro_comm.metagame.solvers.checks import MetaSolverError

RATIONALITY = 20.0  # per spread of the payoffs, as in two-player zero-sum games
LIMIT = 1e5  # rationality at which the branch is taken for its limit
_MOST_STEPS = 4_000
_FIRST_STEP, _LONGEST = 0.05, 5_000.0
_RESIDUAL = 1e-10
_LARGEST = 50.0  # of a log x; at a solution it is 0
_CORRECTIONS = 8  # Newton steps before a shorter step is tried


class Branch(NamedTuple):
    """The principal branch of logit equilibria.

    Attributes:
      rationality: the rationality at which `mixtures` is one, per spread.
      mixtures: `[n_g]` of each group, at the first point of that rationality.
      limit: the Nash equilibrium that the branch leads to.
      regret: the largest regret of `limit`, in payoffs.
    """

    rationality: float
    mixtures: tuple[np.ndarray, ...]
    limit: tuple[np.ndarray, ...]
    regret: float


def logit_branch(game: Game, *, rationality: float = RATIONALITY) -> Branch:
    """Returns a logit equilibrium, and the end of its branch.

        x_s ~ exp(lambda u(s)) in each group,   lambda = rationality / spread

    A predictor and Newton's corrector follow the curve in (log x, lambda) from uniform
    play at lambda = 0; along a turn lambda may fall.

    Args:
      game: a game whose payoffs are known.
      rationality: at least 0; where the branch first has it.

    Raises:
      ValueError: a negative or infinite rationality.
      MetaSolverError: the curve was lost.

    Source: McKelvey and Palfrey 1995; Turocy 2005, A dynamic homotopy interpretation of
      the logistic quantal response equilibrium correspondence.
    """
    if not 0 <= rationality <= LIMIT:
        raise ValueError(f"rationality is {rationality}, must be 0 to {LIMIT:g}")
    curve = _Curve(game)
    point = np.concatenate([curve.uniform, [0.0]])  # log x, then lambda
    asked = point if rationality == 0 else None
    heading, step = np.append(np.zeros(len(point) - 1), 1.0), _FIRST_STEP
    for _ in range(_MOST_STEPS):
        tangent = curve.tangent(point, heading)
        try:
            following = curve.corrected(point + step * tangent, tangent)
        except MetaSolverError:
            step /= 2
            if step < 1e-8:
                raise
            continue
        if asked is None and following[-1] >= rationality:
            between = (rationality - point[-1]) / (following[-1] - point[-1])
            start = point + between * (following - point)
            start[-1] = rationality
            asked = curve.corrected(start, np.append(np.zeros(len(point) - 1), 1.0))
        point, heading = following, tangent
        if point[-1] >= LIMIT and asked is not None:
            limit = tuple(polished(game, curve.mixtures(point)))
            left = float(regrets(game, limit).max())
            return Branch(rationality, tuple(curve.mixtures(asked)), limit, left)
        step = min(step * 1.5, _LONGEST)
    raise MetaSolverError(
        f"the logit branch is at rationality {point[-1]:.3g} after {_MOST_STEPS} steps"
    )


class _Curve:
    """The equations of logit equilibria, in log x `[S]` and lambda."""

    def __init__(self, game: Game) -> None:
        self._game = game
        sizes = [len(names) for names in game.strategies]
        self._ends = np.cumsum(sizes)[:-1]
        self._parts = np.split(np.arange(sum(sizes)), self._ends)
        self.uniform = np.concatenate([np.full(n, -np.log(n)) for n in sizes])

    def mixtures(self, point: np.ndarray) -> list[np.ndarray]:
        """Returns the mixtures at a point; they sum to 1."""
        weights = np.exp(np.minimum(point[:-1], _LARGEST))
        return [weights[part] / weights[part].sum() for part in self._parts]

    def system(self, point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns what is left of the equations `[S]`, and its slopes `[S, S + 1]`."""
        logs, strength = point[:-1], point[-1] / self._game.spread
        mixtures = self.mixtures(point)
        flat = np.concatenate(mixtures)
        fitness = np.concatenate(self._game.deviations(mixtures))
        # d u / d log x, where x is scaled to sum to 1.
        slopes = self._game.jacobian(mixtures) * flat
        for part in self._parts:
            slopes[:, part] -= slopes[:, part].sum(axis=1, keepdims=True) * flat[part]
        left = np.empty(len(logs))
        derivative = np.zeros((len(logs), len(point)))
        for part in self._parts:
            base = part[np.argmax(logs[part])]
            rest = part[part != base]
            edges = fitness[rest] - fitness[base]
            left[rest] = logs[rest] - logs[base] - strength * edges
            derivative[rest, :-1] = -strength * (slopes[rest] - slopes[base])
            derivative[rest, rest] += 1.0
            derivative[rest, base] -= 1.0
            derivative[rest, -1] = -edges / self._game.spread
            weights = np.exp(np.minimum(logs[part], _LARGEST))
            left[base] = weights.sum() - 1.0
            derivative[base, part] = weights
        return left, derivative

    def tangent(self, point: np.ndarray, heading: np.ndarray) -> np.ndarray:
        """Returns the direction of the curve, the one that goes on."""
        _, derivative = self.system(point)
        tangent = np.linalg.svd(derivative)[2][-1]
        return tangent if tangent @ heading >= 0 else -tangent

    def corrected(self, point: np.ndarray, normal: np.ndarray) -> np.ndarray:
        """Returns the point of the curve next to this one, across from `normal`."""
        for _ in range(_CORRECTIONS):
            left, derivative = self.system(point)
            # Far out, logs are large: rounding grows with them.
            if np.abs(left).max() < _RESIDUAL * max(1.0, np.abs(point).max()):
                return point
            try:
                move = np.linalg.solve(
                    np.vstack([derivative, normal]), np.append(left, 0.0)
                )
            except np.linalg.LinAlgError as error:
                raise MetaSolverError(f"Newton's method: {error}") from error
            point = point - move
            if not np.isfinite(point).all() or np.abs(point).max() > 1e8:
                break
        raise MetaSolverError("Newton's method lost the logit branch")
