"""PSRO between players that are not ours: two functions train them and play them.

Everything else is as in R-MACRL: OpenSpiel's solver, the payoff table by world, both
mixtures, the test of convergence on fresh worlds. A world is a seed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from games.engine.settings import refusal
from games.engine.side import Side
from psro_comm.metagame.intervals import Interval
from psro_comm.metagame.iteration import Iteration
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.psro.iterations import measure
from psro_comm.psro.responses import Trial, gain
from psro_comm.psro.solver import Mixtures, Names, RMacrlSolver, new_game

_SEEDS = 10**7  # seeds of one run: those of another begin there


class Mixture(NamedTuple):
    """A mixed strategy of one side, which the other side is to answer."""

    side: str  # who is to answer: filter or attack
    weights: Mapping[str, float]  # of the opponent's policies by id, all positive


Respond = Callable[[Mixture], str]
Play = Callable[[str, str, Sequence[int]], Sequence[float]]


@dataclass(frozen=True)
class Players:
    """Two sides that somebody else trains and plays; policies are ids, any text.

    Attributes:
      respond: `mixture -> id`: trains the best response of `mixture.side` to policies
        of the other side, and returns its id; that of an old policy if nothing better
        was found.
      play: `(attack, filter, seeds) -> returns`: the return of the defending side in
        one episode for each seed. Equal seeds should be the same world for everybody:
        then intervals of differences are narrow.
      filters, attacks: ids that both populations begin with.
    """

    respond: Respond
    play: Play
    filters: Sequence[str] = ("none",)
    attacks: Sequence[str] = ("none",)

    def __post_init__(self) -> None:
        """Refuses populations that are empty or name a policy twice."""
        for name in ("respond", "play"):
            if not callable(getattr(self, name)):
                raise refusal(name, getattr(self, name), "a function")
        for name in ("filters", "attacks"):
            checked_ids(name, getattr(self, name))

    def answer(self, side: Side, weights: Mapping[str, float]) -> str:
        """Returns the id of a side's best response, checked."""
        met = {name: float(w) for name, w in weights.items() if w > 0.0}
        found = self.respond(Mixture(side.strategy, met))
        if not isinstance(found, str) or not found:
            raise refusal("what respond returned", found, "the id of a policy, a text")
        return found

    def returns(self, attack: str, filter_: str, seeds: Sequence[int]) -> np.ndarray:
        """Returns the returns of one pair, `[seeds]`, checked."""
        said = self.play(attack, filter_, seeds)
        try:
            found = np.array(
                said.tolist() if hasattr(said, "tolist") else said, dtype=np.float64
            )
        except (TypeError, ValueError, OverflowError):
            found = np.full(0, np.nan)
        if found.shape != (len(seeds),) or not np.isfinite(found).all():
            words = f"{len(seeds)} finite numbers, one for each seed"
            raise refusal(
                f"what play({attack!r}, {filter_!r}, seeds) returned", said, words
            )
        return found


def checked_ids(what: str, given: object) -> Sequence[str]:
    """Returns ids of policies.

    Raises:
      ValueError: no list of texts, an empty one, or an id twice.
    """
    listed = isinstance(given, Sequence) and not isinstance(given, str)
    ids = list(given) if isinstance(given, Sequence) and listed else []
    texts = all(isinstance(each, str) and each for each in ids)
    if not ids or not texts or len({*ids}) < len(ids):
        raise refusal(what, given, "a list of at least one id, a text, none twice")
    return ids


class Book:
    """A maker of payoff tables: plays each missing cell, and hands out fresh seeds."""

    def __init__(self, players: Players, seed: int) -> None:
        """Begins with the first seed of a run's own."""
        self.players, self.next = players, seed * _SEEDS

    def seeds(self, count: int) -> range:
        """Returns `count` seeds that were not used before."""
        first, self.next = self.next, self.next + count
        return range(first, self.next)

    def played(
        self,
        filters: Sequence[str],
        attacks: Sequence[str],
        seeds: Sequence[int],
        old: PayoffTable | None = None,
        cells: set[tuple[str, str]] | None = None,
    ) -> PayoffTable:
        """Returns the table of these policies, its missing cells played with `seeds`.

        Args:
          filters, attacks: ids, rows and columns.
          seeds: the worlds.
          old: an earlier table, of the same seeds.
          cells: what is played, if not all.
        """
        table = (old or PayoffTable.empty()).grown(filters, attacks)
        missing = [c for c in table.missing() if cells is None or c in cells]
        return self.recorded(table, missing, seeds, 0) if missing else table

    def recorded(
        self,
        table: PayoffTable,
        cells: Sequence[tuple[str, str]],
        seeds: Sequence[int],
        first: int,
    ) -> PayoffTable:
        """Returns the table with some cells played in worlds from `first` on."""
        returns = np.stack([self.players.returns(a, f, seeds) for f, a in cells])
        none = np.zeros_like(returns)
        return table.recorded(cells, returns, none, none, first_world=first)


class Outcome(NamedTuple):
    """What PSRO put out."""

    table: PayoffTable
    mixtures: Mixtures  # over the table's names, the defender's first
    history: tuple[Iteration, ...]
    converged: bool
    book: Book


def solve(
    players: Players,
    *,
    iterations: int,
    worlds: int,
    meta_solver: str,
    tolerance: float,
    patience: int,
    seed: int,
) -> Outcome:
    """Runs algorithm 1 between the players.

    Args:
      players: both sides.
      iterations: most iterations.
      worlds: seeds that each cell is played with, and each test of convergence.
      meta_solver: a key of `META_SOLVERS`.
      tolerance: gain that does not matter, in returns.
      patience: iterations in a row without gain after which it stops.
      seed: seed of the worlds.
    """
    book, rng = Book(players, seed), np.random.default_rng(seed)
    seeds, answers = book.seeds(worlds), [("", "")]

    def respond(names: Names, mixtures: Mixtures, table: PayoffTable) -> Names:
        """Answers both mixtures; who is there already does not join again."""
        found = []
        for side in Side:
            weights = zip(names[side.other], mixtures[side.other].tolist(), strict=True)
            found.append(players.answer(side, dict(weights)))
        answers[0] = found[0], found[1]
        new = [() if a in own else (a,) for a, own in zip(found, names, strict=True)]
        return new[0], new[1]

    def estimate(
        filters: Sequence[str], attacks: Sequence[str], old: PayoffTable
    ) -> PayoffTable:
        return book.played(filters, attacks, seeds, old)

    slots = iterations + max(len(players.filters), len(players.attacks))
    begin = tuple(players.filters), tuple(players.attacks)
    solver = RMacrlSolver(
        new_game(slots), respond, estimate, begin, meta_solver, seed % 2**31
    )
    history: list[Iteration] = []
    quiet = 0
    while len(history) < iterations and quiet < patience:
        before = solver.names(), solver.mixtures()
        solver.iteration()
        gains = _gains(book, *before, answers[0], worlds)
        found = measure(len(history) + 1, solver, gains, rng, tolerance)
        history.append(found)
        quiet = quiet + 1 if found.converged else 0
    ended = quiet >= patience
    return Outcome(solver.table, solver.mixtures(), tuple(history), ended, book)


def _gains(
    book: Book, names: Names, mixtures: Mixtures, new: tuple[str, str], worlds: int
) -> tuple[Interval, Interval]:
    """Returns what both new policies gain over the old mixtures, on fresh seeds."""
    trials = [Trial(names, mixtures, new[side]) for side in Side]
    cells = set().union(*(t.cells(s) for s, t in zip(Side, trials, strict=True)))
    rows = dict.fromkeys((*trials[0].met(Side.DEFENDER), new[0]))
    columns = dict.fromkeys((*trials[0].met(Side.ATTACKER), new[1]))
    fresh = book.played([*rows], [*columns], book.seeds(worlds), cells=cells)
    defended, attacked = (gain(fresh, t, s) for s, t in zip(Side, trials, strict=True))
    return defended, attacked
