"""Rates the policies of both sides, each on a scale with an interval."""

from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_expit

from psro_comm.metagame.intervals import as_dict, percentiles
from psro_comm.metagame.structure import additive_parts

ELO = 400.0 / np.log(10.0)  # points of Elo's scale for a unit of log odds
_PRIOR = 0.05  # games won and lost that each pair has besides: odds are finite
_ELOS = {"elo": 0, "melo": 1}  # ranks of what tells who beats whom beyond ratings
_MOST_FITS = 60  # resamples of which Elo ratings are fitted anew


class Elo(NamedTuple):
    """Ratings of both sides, and how well they tell the shares won.

    Attributes:
      rows: `[m]`, in Elo points.
      columns: `[n]`, likewise, mean 0: what the row player's opponents are worth.
      log_loss: mean log loss of a game, in nats.
    """

    rows: np.ndarray
    columns: np.ndarray
    log_loss: float


def is_win_rates(table: np.ndarray) -> bool:
    """Returns whether a table can hold the row player's shares of games won."""
    return bool((table >= 0).all() and (table <= 1).all() and np.ptp(table) > 0)


def elo(wins: np.ndarray, rank: int = 0) -> Elo:
    """Returns Elo's ratings, or those of multidimensional Elo.

        P(row i beats column j) = 1 / (1 + exp(-(a_i - b_j + p_i' q_j)))

    fitted by maximum likelihood, with a twentieth of a game won and one lost added to
    each pair. Rank 0 is Elo's own model; the rank r of p' q tells who beats whom beyond
    ratings, as C' Omega C does in mElo_2k when both sides are one population.

    Args:
      wins: `[m, n]` shares of games that the row player wins.
      rank: r.

    Raises:
      ValueError: a share is not within 0 and 1.

    Source: Elo 1978; Balduzzi, Tuyls, Perolat, Graepel 2018, Re-evaluating evaluation,
      section 3.
    """
    if not is_win_rates(wins) and np.ptp(wins) > 0:
        raise ValueError("Elo needs shares of games won, between 0 and 1")
    m, n = wins.shape
    won, lost = wins + _PRIOR, 1 - wins + _PRIOR

    def parts(at: np.ndarray) -> tuple[np.ndarray, ...]:
        a, b, rest = at[:m], at[m : m + n], at[m + n :]
        return (
            a,
            b,
            rest[: m * rank].reshape(m, rank),
            rest[m * rank :].reshape(n, rank),
        )

    def loss(at: np.ndarray) -> tuple[float, np.ndarray]:
        a, b, p, q = parts(at)
        odds = a[:, None] - b + p @ q.T
        wrong = (won + lost) * expit(odds) - won
        slopes = wrong.sum(1), -wrong.sum(0), wrong @ q, wrong.T @ p
        total = -(won * log_expit(odds) + lost * log_expit(-odds)).sum()
        return float(total), np.concatenate([each.ravel() for each in slopes])

    start = 0.1 * np.random.default_rng(0).standard_normal(m + n + (m + n) * rank)
    found = minimize(loss, start, jac=True, method="L-BFGS-B")
    a, b, p, q = parts(found.x)
    # A mean of p' q over one side is a rating: it belongs to a and b.
    mean, rows, columns, _ = additive_parts(a[:, None] - b + p @ q.T)
    odds = a[:, None] - b + p @ q.T
    told = -(wins * log_expit(odds) + (1 - wins) * log_expit(-odds)).mean()
    return Elo(ELO * (rows + mean), -ELO * columns, float(told))


def ratings(
    tables: np.ndarray, x: np.ndarray, y: np.ndarray, value: float
) -> dict[str, Any]:
    """Returns ratings of both sides with percentile intervals, as JSON data.

    mean_payoff: what a policy earns against all of the other side alike, over the mean
      (a_i of the Hodge decomposition); of the columns, what they take.
    nash: what it earns against the other side's mixture, over the value: 0 in the
      support of an equilibrium, negative elsewhere. Mixtures are held fixed.
    elo and melo, only of win rates: Elo's, and multidimensional Elo's of rank 1; each
      with its mean log loss.

    Args:
      tables: `[K + 1, m, n]`, the table, then resampled ones.
      x: `[m]` a mixture of the rows; of Nash averaging, the most mixed equilibrium.
      y: `[n]` a mixture of the columns.
      value: x' U y.

    Source: Balduzzi et al. 2018, Re-evaluating evaluation, section 4 (Nash averaging).
    """
    _, rows, columns, _ = additive_parts(tables)
    losses: dict[str, Any] = {}
    found: dict[str, Any] = {
        "mean_payoff": (rows, -columns),
        "nash": (tables @ y - value, value - np.einsum("i,kij->kj", x, tables)),
    }
    if is_win_rates(tables[0]):
        few = np.clip(tables[: 1 + _MOST_FITS], 0.0, 1.0)
        for name, rank in _ELOS.items():
            fits = [elo(table, rank) for table in few]
            rows, columns = (
                np.array(each) for each in zip(*(f[:2] for f in fits), strict=True)
            )
            found[name] = (rows, columns)
            losses[name] = _interval(np.array([each.log_loss for each in fits]))
    report: dict[str, Any] = {
        name: {
            "defenders": [_interval(each) for each in sides[0].T],
            "attackers": [_interval(each) for each in sides[1].T],
        }
        for name, sides in found.items()
    }
    if losses:
        report["log_loss"] = losses
    return report


def _interval(found: np.ndarray) -> dict[str, float | None]:
    """Returns the table's own number, and percentiles of the resamples' numbers."""
    if len(found) < 3:
        return {"estimate": float(found[0]), "low": None, "high": None}
    return dict(as_dict(percentiles(float(found[0]), found[1:])))
