"""PSRO and the worst case between players that are not ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from games.engine.settings import refusal
from games.engine.side import Side
from psro_comm.api.learning import MetaSolver, named_meta_solver
from psro_comm.api.results import Result, flat
from psro_comm.api.solution import Solution, settled
from psro_comm.api.tables import Table
from psro_comm.metagame.allocation import BATCH, checked_width
from psro_comm.metagame.intervals import Interval, as_dict, mean_interval
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.solvers import META_SOLVERS
from psro_comm.psro.outside import Book, Players, solve
from psro_comm.settings.psro import PSROConfig
from psro_comm.studies.refinement import narrowed

_ITERATIONS, _WORLDS = 5, 256
_SETTINGS = ("psro.tolerance", "psro.patience")


def solve_players(
    players: Players,
    meta_solver: str | MetaSolver | None,
    settings: Mapping[str, Any],
    seed: int,
    *,
    iterations: int | None,
    worlds: int | None,
    width: float | None,
) -> Solution:
    """Runs PSRO between players that are not ours; see `pc.psro`."""
    unknown = [name for name in settings if name not in _SETTINGS]
    if unknown:
        raise refusal("settings", unknown[0], f"one of {', '.join(_SETTINGS)}")
    own = {name.removeprefix("psro."): value for name, value in settings.items()}
    many = iterations or _ITERATIONS
    checked = PSROConfig(
        iterations=many,
        episodes=_WORLDS if worlds is None else worlds,
        attacks=("own",),
        restarts=1,
        slots=many + 12,
        **own,
    )
    if width is not None:
        checked_width(width)
    with named_meta_solver(meta_solver, "") as name:
        name = name or "nash"
        if name not in META_SOLVERS:
            raise refusal("meta_solver", name, f"one of {', '.join(META_SOLVERS)}")
        found = solve(
            players,
            iterations=checked.iterations,
            worlds=checked.episodes,
            meta_solver=name,
            tolerance=checked.tolerance,
            patience=checked.patience,
            seed=seed,
        )
        table, rng = found.table, np.random.default_rng(seed)
        if width is not None:
            table, _ = narrowed(table, width, _further(found.book), rng)
        value, weights = settled(table, name, rng)
    shown = Table(table, "payoffs")
    return Solution(shown, weights, {}, value, found.history, found.converged)


def refuse_idle(given: Mapping[str, Any], who: str) -> None:
    """Refuses arguments that were given and have no effect.

    Raises:
      ValueError: one of them was given.
    """
    for name, value in given.items():
        if value:
            raise ValueError(f"{name} has no effect on {who}: leave it out")


def _further(book: Book) -> Any:
    """Returns who plays the batches of a refinement, in fresh worlds."""

    def play(number: int, table: PayoffTable, given: np.ndarray) -> PayoffTable:
        first = table.num_worlds
        for batches in np.unique(given[given > 0]):
            cells = [
                (table.defenders[i], table.attackers[j])
                for i, j in np.argwhere(given == batches)
            ]
            seeds = book.seeds(int(batches) * BATCH)
            table = book.recorded(table, cells, seeds, first)
        return table

    return play


@dataclass(frozen=True, eq=False, repr=False)
class WorstCase(Result):
    """What each filter keeps against the worst attack that was found for it.

    A lower bound on what a better attacker would take: the search may have missed one.

    Attributes:
      rows: a record a filter: what it keeps against the first attack of the players,
        the worst attack, and what that leaves on seeds that did not choose it.
      worlds: number of these seeds.
    """

    rows: tuple[Mapping[str, Any], ...]
    worlds: int

    @property
    def title(self) -> str:
        """What was measured."""
        return f"what filters keep in the worst case, {self.worlds} worlds, 95 %"

    def worst(self, filter: str) -> Interval:
        """Returns what a filter keeps against the worst attack found, in returns."""
        return self._row(filter)["worst"]  # type: ignore[no-any-return]

    def attack(self, filter: str) -> str:
        """Returns the id of the worst attack that was found."""
        return str(self._row(filter)["attack"])

    def records(self) -> list[dict[str, Any]]:
        """Returns a row a filter: clean, worst, the attack."""
        return [
            {
                "filter": each["filter"],
                **flat("clean", each["clean"]),
                **flat("worst", each["worst"]),
                "attack": each["attack"],
            }
            for each in self.rows
        ]

    def to_dict(self) -> dict[str, Any]:
        """Returns everything as JSON data."""
        kept = [
            {
                **each,
                "clean": as_dict(each["clean"]),
                "worst": as_dict(each["worst"]),
                "returns": dict(each["returns"]),
            }
            for each in self.rows
        ]
        return {"worlds": self.worlds, "kept": kept}

    def shown(self) -> tuple[list[str], list[list[str]]]:
        """Returns what each keeps."""
        rows = [
            [each["filter"], str(each["clean"]), str(each["worst"]), each["attack"]]
            for each in self.rows
        ]
        return ["filter", "first attack", "worst case", "by"], rows

    def _row(self, name: str) -> Mapping[str, Any]:
        known = {str(each["filter"]): each for each in self.rows}
        if name not in known:
            raise refusal("filter", name, f"one of {', '.join(known)}")
        return known[name]


def worst_case_of(
    players: Players,
    defenders: Sequence[str] | Mapping[str, Mapping[str, float]],
    *,
    worlds: int,
    tries: int,
    seed: int,
) -> WorstCase:
    """Searches the worst case of filters that are not ours; see `pc.worst_case`."""
    if isinstance(defenders, str) or not defenders:
        raise refusal("defenders", defenders, "a list of at least one id")
    mixed = (
        {name: dict(weights) for name, weights in defenders.items()}
        if isinstance(defenders, Mapping)
        else {name: {name: 1.0} for name in defenders}
    )
    for name, weights in mixed.items():
        told = [*weights.values()]
        if not (min(told, default=-1.0) >= 0 and abs(sum(told) - 1.0) <= 1e-6):
            raise refusal(f"weights of {name!r}", weights, "not negative and sum to 1")
    book = Book(players, seed)
    choose, measure = book.seeds(worlds), book.seeds(worlds)
    attacks = list(players.attacks)
    for weights in mixed.values():
        for _ in range(tries):
            found = players.answer(Side.ATTACKER, weights)
            attacks += [found] if found not in attacks else []
    filters = list(dict.fromkeys(name for each in mixed.values() for name in each))
    chosen = book.played(filters, attacks, choose)
    rows = []
    for name, weights in mixed.items():
        left = {a: float(_mixed(chosen, weights, a).mean()) for a in attacks}
        worst = min(left, key=left.__getitem__)
        pair = list(dict.fromkeys((players.attacks[0], worst)))
        fresh = book.played(list(weights), pair, measure)
        rows.append(
            {
                "filter": name,
                "clean": mean_interval(_mixed(fresh, weights, pair[0])),
                "worst": mean_interval(_mixed(fresh, weights, worst)),
                "attack": worst,
                "returns": left,
            }
        )
    return WorstCase(tuple(rows), worlds)


def _mixed(table: PayoffTable, weights: Mapping[str, float], attack: str) -> np.ndarray:
    """Returns a mixture's expected return by world, `[W]`."""
    cells = table.select(tuple(weights), (attack,)).returns[:, 0]
    found: np.ndarray = np.array([*weights.values()]) @ cells
    return found
