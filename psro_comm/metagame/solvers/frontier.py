"""What a defender keeps under attack, against what it costs where nobody attacks.

The zero-sum game does not ask what a team earns when nobody lies. Of a payoff table
whose first column is nobody, the mixtures worth having are those that keep most among
all that earn at least so much there.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cvxpy as cp
import numpy as np

from psro_comm.metagame.intervals import Interval, mean_interval
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.solvers.checks import MetaSolverError, on_simplex
from psro_comm.metagame.solvers.linear_program import SOLVERS, quiet_highs
from psro_comm.names import NO_ATTACK, NO_FILTER

SHARES = (0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99)
_LEAST = 1e-6  # a smaller weight is the solver's rounding
_TOLERANCE = 1e-7  # of the spread of the payoffs


class Point(NamedTuple):
    """The mixture that keeps most among those that earn so much when nobody lies.

    Its returns are of the worlds in which it was chosen: fresh ones keep less.
    """

    share: float  # of what the team earns without filter and without attack
    clean: Interval  # team return without attack
    kept: Interval  # the least that any attack of the table leaves of it
    attack: str  # that attack
    mixture: dict[str, float]  # weights by filter


def frontier(table: PayoffTable, shares: Sequence[float] = SHARES) -> list[Point]:
    """Returns what mixtures keep, by the share of the clean return that they earn.

    Args:
      table: payoffs with no-filter and no-attack, all cells played.
      shares: of the return without filter and without attack.

    Raises:
      ValueError: as `mixture_keeping`.
    """
    return [mixture_keeping(table, share) for share in shares]


def mixture_keeping(table: PayoffTable, share: float) -> Point:
    """Returns the mixture that keeps most among those that cost little.

        max_x min_j (x' U)_j   subject to   x' U_0 >= u - (1 - share) |u|

    U_0 is the column of nobody, u its entry without a filter: what the team earns
    alone, of which `share` is to stay.

    Args:
      table: payoffs with no-filter and no-attack, all cells played.
      share: in (0, 1].

    Raises:
      ValueError: a share that is none, a table without nobody, or one of which cells
        were not played.

    Source: the linear program of `metagame.solvers`, with one more constraint.
    """
    if not 0.0 < share <= 1.0:
        words = "must be above 0 and at most 1"
        raise ValueError(f"share of the clean return is {share}, {words}")
    if NO_ATTACK not in table.attackers or NO_FILTER not in table.defenders:
        raise ValueError(f"the table lacks {NO_FILTER} or {NO_ATTACK}")
    matrix, nobody = table.mean(), table.attackers.index(NO_ATTACK)
    if not np.isfinite(matrix).all():
        raise ValueError("the table has cells that were not played")
    alone = float(matrix[table.defenders.index(NO_FILTER), nobody])
    x = _solved(matrix, nobody, alone - (1.0 - share) * abs(alone))
    weights = np.where(x < _LEAST, 0.0, x)
    weights /= weights.sum()
    played = np.einsum("i,ijw->jw", weights, table.returns)
    worst = int(played.mean(-1).argmin())
    mixture = dict(zip(table.defenders, weights.tolist(), strict=True))
    return Point(
        share,
        mean_interval(played[nobody]),
        mean_interval(played[worst]),
        table.attackers[worst],
        {name: weight for name, weight in mixture.items() if weight > 0.0},
    )


def _solved(matrix: np.ndarray, nobody: int, least: float) -> np.ndarray:
    """Returns x, by the first solver whose answer is proven by its dual.

    No filter at all earns at least `least`, so that there always is an answer.
    """
    quiet_highs()
    unit = max(float(np.ptp(matrix)), 1e-12)
    scaled, bound = (matrix - matrix.min()) / unit, (least - matrix.min()) / unit
    x, v = cp.Variable(len(matrix), nonneg=True), cp.Variable()
    attacked, clean = scaled.T @ x >= v, scaled[:, nobody] @ x >= bound
    problem = cp.Problem(cp.Maximize(v), [cp.sum(x) == 1, attacked, clean])
    failures = []
    for solver, options in SOLVERS.items():
        try:
            problem.solve(solver=solver, **options)
            found, y = on_simplex(x.value), on_simplex(attacked.dual_value)
        except (cp.error.SolverError, MetaSolverError) as error:
            failures.append(f"{solver}: {error}")
            continue
        # Whatever x may be, its worst is at most this: weak duality.
        surplus = float(clean.dual_value) * (scaled[:, nobody] - bound)
        left = (scaled @ y + surplus).max() - (found @ scaled).min()
        if max(left, bound - found @ scaled[:, nobody]) < _TOLERANCE:
            return found
        failures.append(f"{solver}: gap {left:.1e}")
    raise MetaSolverError(f"no solver found a mixture that earns {least}: {failures}")
