"""Runs R-MACRL, algorithm 1 of the paper, through the lab and OpenSpiel's solver."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from games.engine.side import Side
from games.engine.strategy import NoAttack, NoFilter
from oracles.strategies.freezing import freeze
from oracles.strategies.frozen import Frozen
from psro_comm.lab.lab import Lab, Response
from psro_comm.metagame.intervals import Interval
from psro_comm.metagame.iteration import Iteration, Solved
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.names import NO_ATTACK, NO_FILTER
from psro_comm.psro.given import Given, begun
from psro_comm.psro.iterations import keep, measure
from psro_comm.psro.responses import Answer, Trial, by_merit, gain
from psro_comm.psro.searching import Searcher
from psro_comm.psro.solver import Mixtures, Names, RMacrlSolver, new_game
from psro_comm.settings.portfolio import beginning, learns_on, stopping_at
from psro_comm.settings.psro import UNTRAINED


class Solution(NamedTuple):
    """The output of algorithm 1: the payoff table and both mixtures."""

    table: PayoffTable
    x: np.ndarray  # the defender's mixture over table.defenders
    y: np.ndarray  # the attacker's mixture over table.attackers
    converged: bool
    history: tuple[Iteration, ...]

    @property
    def iterations(self) -> int:
        """The number of iterations that it took."""
        return len(self.history)

    def summary(self) -> Solved:
        """Returns both mixtures by name, and how algorithm 1 came to them."""
        x, y = self.x.tolist(), self.y.tolist()
        return Solved(
            self.iterations,
            self.converged,
            self.history,
            dict(zip(self.table.defenders, x, strict=True)),
            dict(zip(self.table.attackers, y, strict=True)),
        )


def benign() -> tuple[dict[str, Frozen], dict[str, Frozen]]:
    """Returns the null filter and the null attack: index 0 of both populations."""
    return {NO_FILTER: freeze(NoFilter())}, {NO_ATTACK: freeze(NoAttack())}


class RMacrl:
    """One run of algorithm 1 in a lab.

    Attributes:
      populations: policies by name, of the defender and of the attacker.
      history: the iterations so far.
    """

    def __init__(
        self,
        lab: Lab,
        meta_solver: str | None = None,
        given: Given | None = None,
    ) -> None:
        """Prepares the populations: null policies, then untrained or given ones.

        Args:
          lab: the run's lab.
          meta_solver: name of the meta-solver; None is the configuration's.
          given: trained filters and attacks to start from, by name, instead of an
            untrained policy on each side.

        Raises:
          StoreError: the run was begun from other policies.
        """
        self.lab, self.config = lab, lab.config.psro
        self.meta_solver = meta_solver or self.config.meta_solver
        self.populations = benign()  # by `Side`
        self.history: list[Iteration] = []
        self._given = given is not None
        for side, start in zip(Side, begun(lab.store, given or ({}, {})), strict=True):
            for name, policy in start.items():
                lab.store.save_policy(name, policy)
                self.populations[side][name] = policy
        # The paper's threshold stops one attacker of its curves, never a best response.
        self.recipes = [stopping_at(lab.config.recipe(side), None) for side in Side]
        self.searcher = Searcher(lab, self.populations, self.meta_solver)
        # Attackers that search know all there is to know, and so do the tables.
        self.tables = lab if self.config.paper else lab.knowing()
        self._answered: Answer

    @property
    def filters(self) -> dict[str, Frozen]:
        """The defender's population."""
        return self.populations[Side.DEFENDER]

    @property
    def attacks(self) -> dict[str, Frozen]:
        """The attacker's population."""
        return self.populations[Side.ATTACKER]

    def solve(self, *, at_least: int = 1) -> Solution:
        """Runs algorithm 1 to convergence or its last iteration; resumable.

        Args:
          at_least: number of iterations to run even if it converges before.

        Source: paper alg. 1.
        """
        solver = self.start()
        quiet = 0  # iterations in a row
        for number in range(1, self.config.iterations + 1):
            if quiet >= self.config.patience and number > at_least:
                break
            quiet = quiet + 1 if self.iterate(solver, number).converged else 0
        converged = quiet >= self.config.patience
        return Solution(
            solver.table, *solver.mixtures(), converged, tuple(self.history)
        )

    def start(self) -> RMacrlSolver:
        """Returns OpenSpiel's solver on the first populations and their payoffs.

        Source: paper alg. 1, lines 1 to 4.
        """
        if not self._given:
            first = [1.0]  # against the null policy, and never trained
            names, alone = self.names(), (np.array(first), np.array(first))
            self.respond(0, names, alone, (None, None), untrained=True)
        return RMacrlSolver(
            new_game(self.config.slots),
            self._answer,
            self._estimate,
            self.names(),
            self.meta_solver,
            self.lab.seed("openspiel"),
            uniform_first=beginning(self.config) == UNTRAINED,
        )

    def iterate(self, solver: RMacrlSolver, number: int) -> Iteration:
        """Runs one iteration, and returns what it found.

        Source: paper alg. 1, lines 6 to 11.
        """
        solver.iteration()  # best responses, missing payoffs, new mixtures
        gains = self.gains(number, self._answered)  # line 9, on fresh worlds
        rng = np.random.default_rng(self.lab.seed("bootstrap"))
        found = measure(number, solver, gains, rng, self.config.tolerance)
        self.history.append(found)
        keep(self.lab, found, solver.table)
        return found

    def names(self) -> Names:
        """Returns the names of both populations."""
        return tuple(self.filters), tuple(self.attacks)

    def respond(
        self,
        number: int,
        names: Names,
        mixtures: Mixtures,
        starts: tuple[Frozen | None, Frozen | None],
        *,
        untrained: bool = False,
    ) -> tuple[str, str]:
        """Adds one policy to each population, both against the same mixtures.

        Args:
          number: the iteration's number.
          names: names of the policies that are mixed.
          mixtures: mixtures over them.
          starts: policies whose weights the first restart of each side begins with.
          untrained: whether the new policies stay as they are drawn.

        Returns:
          The new names, the filter's first.

        Source: paper alg. 1, lines 6 to 8.
        """
        restarts = 1 if untrained else self.config.restarts
        asked = {}
        for side in (Side.ATTACKER, Side.DEFENDER):
            other, name = side.other, f"{side.strategy}-{number:03d}"
            policies = self.populations[other]
            asked[side] = Response(
                name,
                {n: policies[n] for n in names[other]},
                mixtures[other].tolist(),
                self.recipes[side],
                restarts,
                untrained,
                starts[side],
            )
        made = self.lab.respond(list(asked.values()))
        for side, policy in zip(asked, made, strict=True):
            self.populations[side][asked[side].name] = policy
        return asked[Side.DEFENDER].name, asked[Side.ATTACKER].name

    def _answer(
        self, names: Names, mixtures: Mixtures, table: PayoffTable
    ) -> tuple[list[str], list[str]]:
        """Trains best responses for OpenSpiel's oracle, and returns their names."""
        number = len(self.history) + 1
        if self.config.paper:
            starts = self.warm_starts(mixtures, table)
            new = self.respond(number, names, mixtures, starts)
            trials = Trial(names, mixtures, new[0]), Trial(names, mixtures, new[1])
            self._answered = Answer([new[0]], [new[1]], trials)
        else:
            self._answered = self.searcher.answer(number, names, mixtures, table)
        return self._answered.filters, self._answered.attacks

    def warm_starts(
        self, mixtures: Mixtures, table: PayoffTable
    ) -> tuple[Frozen | None, Frozen | None]:
        """Returns each side's policy to learn on from; None for fresh weights."""
        if not learns_on(self.config):
            return None, None
        found = []
        for side, names in zip(Side, by_merit(table, mixtures), strict=True):
            policies, recipe = self.populations[side], self.recipes[side]
            # `no-filter` has no weights, and other settings have other shapes.
            alike = (policies[n] for n in names if policies[n].made_by(recipe))
            found.append(next(alike, None))
        return found[0], found[1]

    def _estimate(
        self, filters: Sequence[str], attacks: Sequence[str], old: PayoffTable
    ) -> PayoffTable:
        """Returns the table of an iteration; that of the start is `payoffs-000`."""
        started = bool(old.defenders)
        if started and self._answered.table is not None:
            old = self._answered.table
        return self.tables.table(
            f"payoffs-{len(self.history) + started:03d}",
            {name: self.filters[name] for name in filters},
            {name: self.attacks[name] for name in attacks},
            self.config.episodes,
            old=old,
            worlds="payoffs",
        )

    def gains(self, number: int, answer: Answer) -> tuple[Interval, Interval]:
        """Returns the gains of new best responses over old mixtures, on fresh worlds.

        Source: paper alg. 1, line 9: converged when they are in the populations.
        """
        defended, attacked = answer.trials
        cells = {
            (row, column)
            for side, trial in zip(Side, answer.trials, strict=True)
            for row, column in trial.cells(side)
        }
        fresh = self.tables.table(
            f"check-{number:03d}",
            self._tested(Side.DEFENDER, answer),
            self._tested(Side.ATTACKER, answer),
            self.config.check_episodes,
            cells=cells,
        )
        return (
            gain(fresh, defended, Side.DEFENDER),
            gain(fresh, attacked, Side.ATTACKER),
        )

    def _tested(self, side: Side, answer: Answer) -> dict[str, Frozen]:
        """Returns a side's new policy, which may not have joined, and its rivals."""
        known = {
            name: self.populations[side][name]
            for trial in reversed(answer.trials)
            for name in trial.met(side)
        }
        new, joined = answer.trials[side].new, self.populations[side]
        policy = joined[new] if new in joined else self.lab.store.load_policy(new)
        return known | {new: policy}
