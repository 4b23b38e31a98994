"""Payoff tables and what they say: from a run, an array, a DataFrame or a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from games.engine.settings import refusal
from psro_comm.api.arrays import aligned, of_array, relabelled
from psro_comm.api.games import as_path, at_least, nothing_else_changed, whole_seed
from psro_comm.api.results import Result, flat, plain
from psro_comm.metagame.analysis import analyse
from psro_comm.metagame.formats.files import write_meta_game
from psro_comm.metagame.formats.frame import from_frame
from psro_comm.metagame.general.files import (
    ONLY_ZERO_SUM,
    AnyGame,
    as_meta_game,
    read_game,
)
from psro_comm.metagame.general.openspiel import taken
from psro_comm.metagame.intervals import Interval
from psro_comm.metagame.meta_game import MetaGame
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.solvers import META_SOLVERS
from psro_comm.reports.tables.analysis import render_analysis


@dataclass(frozen=True, eq=False, repr=False)
class Table(Result):
    """A payoff table: returns of filters (rows) against attacks (columns).

    Attributes:
      payoffs: the returns by world, `[m, n, W]`; NaN where not played.
      name: its name.
    """

    payoffs: PayoffTable
    name: str = "payoffs"

    @property
    def title(self) -> str:
        """Its name and size."""
        rows, columns, worlds = self.payoffs.returns.shape
        return f"{self.name}: {rows} filters, {columns} attacks, {worlds} worlds"

    @property
    def filters(self) -> tuple[str, ...]:
        """Names of the m rows."""
        return self.payoffs.defenders

    @property
    def attacks(self) -> tuple[str, ...]:
        """Names of the n columns."""
        return self.payoffs.attackers

    @property
    def mean(self) -> np.ndarray:
        """Mean returns, `[m, n]`; NaN where not played."""
        return self.payoffs.mean()

    @property
    def std_error(self) -> np.ndarray:
        """Standard errors of the means, `[m, n]`; NaN below two episodes."""
        return self.payoffs.std_error()

    def records(self) -> list[dict[str, Any]]:
        """Returns a row a cell: filter, attack, mean, std_error, episodes."""
        cells = [
            (d, a, self.payoffs.cell(d, a)) for d in self.filters for a in self.attacks
        ]
        return [
            {
                "filter": d,
                "attack": a,
                "mean": plain(cell.mean),
                "std_error": plain(cell.std_error),
                "episodes": cell.episodes,
            }
            for d, a, cell in cells
        ]

    def to_dict(self) -> dict[str, Any]:
        """Returns the table as JSON data, as runs store it."""
        return self.payoffs.to_dict()

    def shown(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        """Returns the matrix of means, with standard errors."""
        cells = [
            [_shown(m, s) for m, s in zip(means, errors, strict=True)]
            for means, errors in zip(self.mean, self.std_error, strict=True)
        ]
        rows = [[name, *row] for name, row in zip(self.filters, cells, strict=True)]
        return ["mean ± standard error", *self.attacks], rows


@dataclass(frozen=True, eq=False, repr=False)
class Analysis(Result):
    """What a payoff table says, and how sure that is.

    Attributes:
      game: the table.
      found: everything, as JSON data.
    """

    game: MetaGame
    found: dict[str, Any]

    @property
    def title(self) -> str:
        """The value of the game, and the solver of the mixtures."""
        known = self.value.low == self.value.low
        value = self.value if known else f"{self.value.estimate:.4g}"
        return f"{self.game.title}: value {value}, by {self.found['meta_solver']}"

    @property
    def value(self) -> Interval:
        """The value to the defender, in returns, 95 %; NaN limits of exact payoffs."""
        return _interval(self.found["value"])

    def mixture(self, side: str) -> dict[str, float]:
        """Returns the weights by policy of `filter` or `attack`."""
        keys = {"filter": "defenders", "attack": "attackers"}
        if side not in keys:
            raise refusal("side", side, "filter or attack")
        return {each["name"]: each["weight"] for each in self.found[keys[side]]}

    def records(self) -> list[dict[str, Any]]:
        """Returns a row a policy: its weight, how often it is played, its regret."""
        rows = []
        for side, key in (("filter", "defenders"), ("attack", "attackers")):
            for each in self.found[key]:
                regret = _interval(each["regret"])
                rows.append(
                    {
                        "side": side,
                        "policy": each["name"],
                        "weight": each["weight"],
                        "support_frequency": each["support_frequency"],
                        **flat("regret", regret),
                    }
                )
        return rows

    def to_dict(self) -> dict[str, Any]:
        """Returns everything as JSON data, as `analyze_payoffs` writes it."""
        return self.found

    def __str__(self) -> str:
        """Returns it in words."""
        return render_analysis(self.found)


def analyze(
    payoffs: Any,
    *,
    std_error: Any = None,
    filters: Sequence[str] | None = None,
    attacks: Sequence[str] | None = None,
    meta_solver: str = "nash",
    resamples: int = 1000,
    seed: int = 0,
) -> Analysis:
    """Analyses a payoff table: value, mixtures, regrets, dominance, with intervals.

    Args:
      payoffs: a `Table`; an array `[m, n]` of mean returns, or `[m, n, W]` of returns
        by world (NaN where not played); a pandas `DataFrame`, rows filters and columns
        attacks, or with a line a cell as in a .csv file; a `PSROSolver` or game of
        OpenSpiel; or the path of a file of docs/meta_games.md.
      std_error: `[m, n]` standard errors of means that are not from a file; None means
        no intervals.
      filters, attacks: names of m rows and n columns that are not from a file; None
        numbers those of an array.
      meta_solver: a key of `pc.META_SOLVERS`, whose mixtures are judged.
      resamples: number of resamples behind the intervals.
      seed: seed of the resamples.

    Raises:
      ValueError: an unknown solver, a file that is no table, shapes that do not fit, a
        cell without a finite mean, or a game that `pc.analyze_game` is for.
    """
    if not isinstance(meta_solver, str) or meta_solver not in META_SOLVERS:
        raise refusal("meta_solver", meta_solver, f"one of {', '.join(META_SOLVERS)}")
    many = at_least(2, "resamples", resamples)
    game = as_game(payoffs, std_error, filters, attacks)
    rng = np.random.default_rng(whole_seed(seed))
    with nothing_else_changed():
        found = analyse(game, rng, num_samples=many, meta_solver=meta_solver)
    return Analysis(game, found)


def as_game(
    payoffs: Any,
    std_error: Any = None,
    filters: Sequence[str] | None = None,
    attacks: Sequence[str] | None = None,
) -> MetaGame:
    """Returns the meta-game of any of the forms that `analyze` takes."""
    given = {"std_error": std_error, "filters": filters, "attacks": attacks}
    if isinstance(payoffs, MetaGame | Table | PayoffTable | str | Path):
        for name, value in given.items():
            if value is not None:
                raise ValueError(f"{name} has no effect beside such a table: leave it")
        return _with_names(payoffs)
    frame = hasattr(payoffs, "columns") and hasattr(payoffs, "to_numpy")
    if (theirs := taken(payoffs)) is not None:
        game = _zero_sum(as_meta_game(theirs))
    elif frame:
        game = from_frame(payoffs, "payoffs")
        std_error = aligned(std_error, payoffs)
    else:
        return of_array(payoffs, std_error, filters, attacks)
    known = game.returns is not None or game.std_error is not None
    if known and std_error is not None:
        raise ValueError(
            "std_error has no effect beside payoffs that have errors of their own:"
            " leave it out"
        )
    return relabelled(game, std_error, filters, attacks)


def _with_names(payoffs: MetaGame | Table | PayoffTable | str | Path) -> MetaGame:
    """Returns the meta-game of a table, or of a file of one."""
    if isinstance(payoffs, MetaGame):
        return payoffs
    if isinstance(payoffs, str | Path):
        return _zero_sum(read_game(payoffs))
    named = payoffs if isinstance(payoffs, Table) else Table(payoffs)
    return MetaGame.of(named.payoffs, named.name)


def _zero_sum(game: AnyGame) -> MetaGame:
    """Returns a game of two players whose payoffs sum to a constant; refuses others."""
    if not isinstance(game, MetaGame):
        raise ValueError(f"{game.title!r}: {ONLY_ZERO_SUM}; pc.analyze_game is for it")
    return game


def save_table(table: Any, path: str | Path) -> None:
    """Writes a table for Gambit (`.nfg`), spreadsheets (`.csv`) or as `.json`.

    These hold means and standard errors, as if cells were independent; `.ga.json`
    (gameanalysis) holds the returns of each world.

    Raises:
      ValueError: another suffix, or a cell that was not played.
    """
    write_meta_game(as_path(path, "path"), as_game(table))


def _interval(found: Mapping[str, float | None]) -> Interval:
    """Returns an interval of JSON data; limits that are not known are NaN."""
    numbers = (found[key] for key in ("estimate", "low", "high"))
    return Interval(*(float("nan") if n is None else float(n) for n in numbers))


def _shown(mean: float, std_error: float) -> str:
    """Returns a cell as text, empty where it was not played."""
    if mean != mean:
        return ""
    return f"{mean:.4g} ± {std_error:.2g}" if std_error == std_error else f"{mean:.4g}"
