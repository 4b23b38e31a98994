"""R-MACRL: algorithm 1 of the paper, run through the lab and OpenSpiel's solver."""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from absl import logging

from games.engine.side import Side
from games.engine.strategy import NoAttack, NoFilter
from oracles.strategies.freezing import freeze
from oracles.strategies.frozen import Frozen
from psro_comm.disk.store import StoreError
from psro_comm.lab.lab import Lab, Response, stopping_at
from psro_comm.metagame.formats.files import write_nfg
from psro_comm.metagame.intervals import Interval, as_dict, bootstrap
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.regret import gains_converged, nash_conv, value, value_interval
from psro_comm.metagame.solvers import EXACT, solve
from psro_comm.names import NO_ATTACK, NO_FILTER
from psro_comm.psro.responses import by_merit, oracle_gains, supported
from psro_comm.psro.solver import (
    BestResponseOracle,
    RMacrlSolver,
    new_game,
    openspiel_nash_conv,
)

_RESAMPLES = 200


class Solution(NamedTuple):
    """What algorithm 1 puts out."""

    table: PayoffTable
    x: np.ndarray  # the defender's mixture over table.defenders
    y: np.ndarray  # the attacker's mixture over table.attackers
    converged: bool
    iterations: int


def benign() -> tuple[dict[str, Frozen], dict[str, Frozen]]:
    """Index 0 of both populations: no filter, no attack."""
    return {NO_FILTER: freeze(NoFilter())}, {NO_ATTACK: freeze(NoAttack())}


class RMacrl:
    """One run of algorithm 1 in a lab."""

    def __init__(
        self,
        lab: Lab,
        meta_solver: str | None = None,
        given: tuple[Sequence[Frozen], Sequence[Frozen]] | None = None,
    ) -> None:
        """Prepares the populations: nobody, and an untrained or given policies.

        Args:
          lab: of the run.
          meta_solver: its name, else the configuration's.
          given: trained filters and attacks to start from, instead of an untrained
            policy on each side.

        Raises:
          StoreError: the run was begun from other policies.
        """
        self.lab, self.config = lab, lab.config.psro
        self.meta_solver = meta_solver or self.config.meta_solver
        self.filters, self.attacks = benign()
        self.given = given is not None
        self._remember_start(given)
        for side, policies in zip(("filter", "attack"), given or ((), ()), strict=True):
            population = self.filters if side == "filter" else self.attacks
            for number, policy in enumerate(policies):
                name = f"given-{side}-{number}"
                lab.store.save_policy(name, policy)
                population[name] = policy
        # The paper's threshold freezes one attacker of its curves, not an oracle.
        attack = stopping_at(lab.config.recipe(Side.ATTACKER), None)
        self.recipes = lab.config.recipe(Side.DEFENDER), attack
        self.iteration = 0
        self.history: list[dict[str, Any]] = []

    def _remember_start(
        self, given: tuple[Sequence[Frozen], Sequence[Frozen]] | None
    ) -> None:
        """A run has one start: what follows depends on it."""
        start = [[policy.digest() for policy in side] for side in given or ((), ())]
        store = self.lab.store
        if store.has("start") and store.load_json("start") != start:
            raise StoreError(
                f"{store.root} was begun from other initial policies: use another --run"
            )
        store.save_json("start", start)

    def solve(self, *, at_least: int = 1) -> Solution:
        """Runs algorithm 1 to convergence or its last iteration; resumable.

        Args:
          at_least: iterations to run even if it converges before.

        Source: paper alg. 1.
        """
        if not self.given:
            self._respond_with("filter-000", "attack-000", None, untrained=True)
        solver = RMacrlSolver(
            new_game(self.config.slots),
            BestResponseOracle(self._respond),
            self._estimate,
            (tuple(self.filters), tuple(self.attacks)),
            self._solve,
            self.lab.seed("openspiel"),
        )
        converged = False
        while self.iteration < self.config.iterations and not (
            converged and self.iteration >= at_least
        ):
            self.iteration += 1
            names, mixtures = solver.names(), solver.mixtures()
            solver.iteration()
            converged = self._check(names, mixtures)
            self._export(solver, converged)
        x, y = solver.mixtures()
        return Solution(solver.table, x, y, converged, self.iteration)

    def summary(self, solution: Solution) -> dict[str, Any]:
        """The output of algorithm 1 as JSON data: both mixtures, and their quality."""
        return {
            "iterations": solution.iterations,
            "converged": solution.converged,
            "history": self.history,
            "defender_mixture": dict(
                zip(solution.table.defenders, solution.x.tolist(), strict=True)
            ),
            "attacker_mixture": dict(
                zip(solution.table.attackers, solution.y.tolist(), strict=True)
            ),
        }

    def _respond(
        self,
        names: tuple[tuple[str, ...], tuple[str, ...]],
        mixtures: tuple[np.ndarray, np.ndarray],
    ) -> tuple[list[str], list[str]]:
        new = (f"filter-{self.iteration:03d}", f"attack-{self.iteration:03d}")
        self._respond_with(*new, (names, mixtures), untrained=False)
        return [new[0]], [new[1]]

    def _respond_with(
        self, filter_name: str, attack_name: str, against: Any, *, untrained: bool
    ) -> None:
        """Makes one policy for each side, both against the same mixtures."""
        lab = self.lab
        filters, attacks = self.filters, self.attacks
        x, y = [1.0] + [0.0] * (len(filters) - 1), [1.0] + [0.0] * (len(attacks) - 1)
        if against is not None:
            (rows, columns), (x, y) = against
            filters = {name: filters[name] for name in rows}
            attacks = {name: attacks[name] for name in columns}
        how = (1 if untrained else self.config.restarts, untrained)
        starts = self._starts(against)
        attack, filter_ = lab.respond(
            [
                Response(attack_name, filters, x, self.recipes[1], *how, starts[1]),
                Response(filter_name, attacks, y, self.recipes[0], *how, starts[0]),
            ]
        )
        self.filters[filter_name], self.attacks[attack_name] = filter_, attack

    def _starts(self, against: Any) -> tuple[Frozen | None, Frozen | None]:
        """Each side's policy to learn on from, filter first; None for fresh weights."""
        if against is None or not self.config.warm_start:
            return None, None
        populations = self.filters, self.attacks
        ranked = by_merit(self._table, against[1])
        found = []
        for names, policies, recipe in zip(
            ranked, populations, self.recipes, strict=True
        ):
            # `no-filter` has no weights, and other settings have other shapes.
            alike = (policies[n] for n in names if policies[n].made_by(recipe))
            found.append(next(alike, None))
        return found[0], found[1]

    def _estimate(
        self, filters: Sequence[str], attacks: Sequence[str], old: PayoffTable
    ) -> PayoffTable:
        self._table = self.lab.table(
            f"payoffs-{self.iteration:03d}",
            {name: self.filters[name] for name in filters},
            {name: self.attacks[name] for name in attacks},
            self.config.episodes,
            old=old,
            worlds="payoffs",
        )
        return self._table

    def _solve(
        self, payoffs: np.ndarray, std_errors: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        self._solved = solve(self.meta_solver, payoffs, std_errors)
        return self._solved.x, self._solved.y

    def _check(
        self,
        names: tuple[tuple[str, ...], tuple[str, ...]],
        mixtures: tuple[np.ndarray, np.ndarray],
    ) -> bool:
        """Do the new best responses gain anything, on fresh worlds?

        Source: paper alg. 1, line 9: converged when they are in the populations.
        """
        new = (f"filter-{self.iteration:03d}", f"attack-{self.iteration:03d}")
        rows, columns = (supported(*each) for each in zip(names, mixtures, strict=True))
        fresh = self.lab.table(
            f"check-{self.iteration:03d}",
            {name: self.filters[name] for name in [*rows, new[0]]},
            {name: self.attacks[name] for name in [*columns, new[1]]},
            self.config.check_episodes,
        )
        found = oracle_gains(fresh, names, mixtures, new)
        self._gains = dict(zip(("defender", "attacker"), found, strict=True))
        return gains_converged(found, self.config.tolerance)

    def _export(self, solver: RMacrlSolver, converged: bool) -> None:
        """Writes the iteration's meta-game, mixtures and quality, and logs a line."""
        table, (x, y) = solver.table, solver.mixtures()
        matrix = table.mean()
        game_value = self._value(table, x, y)
        report: dict[str, Any] = {
            "iteration": self.iteration,
            "defender_mixture": dict(zip(table.defenders, x.tolist(), strict=True)),
            "attacker_mixture": dict(zip(table.attackers, y.tolist(), strict=True)),
            "meta_solver": self._solved.solver,  # another than asked for, if it failed
            "meta_solver_failures": list(self._solved.failures),
            "value": as_dict(game_value),
            "nash_conv_in_table": nash_conv(matrix, x, y),
            "nash_conv_in_table_openspiel": openspiel_nash_conv(table, x, y),
            "oracle_gains_on_fresh_worlds": {
                side: as_dict(gain) for side, gain in self._gains.items()
            },
            "converged": converged,
            "std_error_max": float(table.std_error().max()),
        }
        self.history.append(report)
        store = self.lab.store
        store.save_json(f"iteration-{self.iteration:03d}", report)
        for name in (f"meta_game-{self.iteration:03d}", "meta_game"):
            write_nfg(
                store.root / f"{name}.nfg", table, f"{self.lab.config.task} {name}"
            )
        log = self.lab.metrics.logger(f"iteration-{self.iteration:03d}")
        self.lab.metrics.forget(f"iteration-{self.iteration:03d}")
        log(
            {
                "iteration": self.iteration,
                "psro/value": report["value"]["estimate"],
                "psro/nash_conv": report["nash_conv_in_table"],
                "psro/oracle_gain_defender": self._gains["defender"].estimate,
                "psro/oracle_gain_attacker": self._gains["attacker"].estimate,
                "payoff/std_error_max": report["std_error_max"],
            }
        )
        logging.info(
            f"iteration {self.iteration} of {self.config.iterations}: value"
            f" {game_value}; on fresh worlds the new attack takes"
            f" {self._gains['attacker']}, the new filter adds {self._gains['defender']}"
        )

    def _value(self, table: PayoffTable, x: np.ndarray, y: np.ndarray) -> Interval:
        """The game's value, or what heuristic mixtures earn; resamples worlds."""
        rng = np.random.default_rng(self.lab.seed("bootstrap"))
        if self.meta_solver in EXACT:  # solves anew each time
            return value_interval(table.returns, rng, _RESAMPLES)
        return bootstrap(table.returns, partial(value, x=x, y=y), rng, _RESAMPLES)
