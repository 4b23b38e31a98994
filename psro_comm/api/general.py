"""General-sum games and games of many players, and what they say, in Python."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from games.engine.settings import refusal
from psro_comm.api.results import Result
from psro_comm.metagame.general.analysis import analyse_game
from psro_comm.metagame.general.files import read_game
from psro_comm.metagame.general.normal_form import NormalFormGame
from psro_comm.metagame.general.openspiel import taken
from psro_comm.metagame.general.role_symmetric import RoleSymmetricGame
from psro_comm.metagame.meta_game import MetaGame
from psro_comm.reports.tables.general import general_sections
from psro_comm.reports.text import in_words


@dataclass(frozen=True, eq=False, repr=False)
class GameAnalysis(Result):
    """What a general-sum game, or one of many players, says.

    Attributes:
      game: the game.
      found: everything, as JSON data.
    """

    game: NormalFormGame | RoleSymmetricGame
    found: dict[str, Any]

    @property
    def title(self) -> str:
        """The game, how many equilibria were found, and whether these are all."""
        found = self.found["equilibria"]
        what = (
            "candidates for equilibria" if any(found["unconfirmed"]) else "equilibria"
        )
        whole = "all extreme ones" if found["whole"] else "there may be others"
        return f"{self.game.title}: {what} found: {found['count']} ({whole})"

    @property
    def equilibria(self) -> list[dict[str, dict[str, float]]]:
        """Mixtures of each equilibrium that was found, by player (or role)."""
        return [dict(each["mixtures"]) for each in self.found["equilibria"]["found"]]

    def records(self) -> list[dict[str, Any]]:
        """Returns a row a strategy played: equilibrium, its weight, earnings, regret.

        Earnings and regret are those of the player (or of one of the role).
        """
        return [
            {
                "equilibrium": k,
                "player": player,
                "strategy": name,
                "weight": weight,
                "payoff": each["payoffs"][player]["estimate"],
                "payoff_low": each["payoffs"][player]["low"],
                "payoff_high": each["payoffs"][player]["high"],
                "regret": each["regrets"][player]["estimate"],
                "regret_high": each["regrets"][player]["high"],
            }
            for k, each in enumerate(self.found["equilibria"]["found"], start=1)
            for player, weights in each["mixtures"].items()
            for name, weight in weights.items()
        ]

    def to_dict(self) -> dict[str, Any]:
        """Returns everything as JSON data, as `analyze_payoffs` writes it."""
        return self.found

    def __str__(self) -> str:
        """Returns it in words."""
        return in_words(general_sections(self.found))


def analyze_game(
    payoffs: Any,
    *,
    std_error: Any = None,
    players: Sequence[str] | None = None,
    strategies: Sequence[Sequence[str]] | None = None,
    reduction: Mapping[str, int] | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> GameAnalysis:
    """Analyses a game of any number of players, or one whose payoffs differ in sum.

    It finds equilibria, correlated and coarse correlated ones, the logit branch,
    dominated strategies, alpha-rank and replicator dynamics; docs/meta_games.md says
    how, and up to which size.

    Args:
      payoffs: an array `[k, n_1, ..., n_k]` of what each of k players earns; a
        `PSROSolver` or game of OpenSpiel; a `NormalFormGame` or `RoleSymmetricGame`; or
        the path of a file of docs/meta_games.md, or `openspiel:NAME`.
      std_error: standard errors of the shape of payoffs that are not from a file; None
        means no intervals.
      players, strategies: names of an array's k players, and of the strategies of each;
        None numbers them.
      reduction: players by role, of a file of roles: a smaller game is analysed.
      resamples: number of draws of the payoffs' errors.
      seed: seed of these draws and of searches.

    Raises:
      ValueError: no such file, shapes that do not fit, a payoff that is not finite, or
        a game of two players whose payoffs sum to a constant: `pc.analyze` is for it.
    """
    if not isinstance(resamples, int | np.integer) or resamples < 2:
        raise refusal("resamples", resamples, "an integer of at least 2")
    game = _game(payoffs, std_error, players, strategies, reduction)
    rng = np.random.default_rng(seed)
    return GameAnalysis(game, analyse_game(game, rng, num_samples=int(resamples)))


def _game(
    payoffs: Any,
    std_error: Any,
    players: Sequence[str] | None,
    strategies: Sequence[Sequence[str]] | None,
    reduction: Mapping[str, int] | None,
) -> NormalFormGame | RoleSymmetricGame:
    """Returns the game of any of the forms that `analyze_game` takes."""
    if isinstance(payoffs, str | Path):
        _refuse_idle(std_error=std_error, players=players, strategies=strategies)
        found = read_game(payoffs, reduction=reduction)
        if isinstance(found, MetaGame):
            raise ValueError(f"{payoffs} is two-player zero-sum: pc.analyze is for it")
        return found
    _refuse_idle(reduction=reduction)
    theirs = taken(payoffs)
    if isinstance(payoffs, NormalFormGame | RoleSymmetricGame) or theirs is not None:
        _refuse_idle(players=players, strategies=strategies)
        game = payoffs if theirs is None else theirs
        return game if std_error is None else replace(game, std_error=std_error)
    array = np.asarray(payoffs, dtype=np.float64)
    if array.ndim < 2 or len(array) != array.ndim - 1 or 0 in array.shape:
        raise ValueError(
            f"payoffs has shape {array.shape}, must be [k, n_1, ..., n_k] for k players"
        )
    counts = array.shape[1:]
    return NormalFormGame(
        tuple(players or (f"player {k}" for k in range(len(array)))),
        tuple(map(tuple, strategies or ([str(i) for i in range(n)] for n in counts))),
        array,
        std_error,
        title="payoffs",
    )


def _refuse_idle(**given: Any) -> None:
    for name, value in given.items():
        if value is not None:
            raise ValueError(f"{name} has no effect on such a game: leave it out")
