"""Runs PSRO on games of known value, and puts what it finds beside the truth.

The solver, its seam to OpenSpiel, the payoff table and the store are those of R-MACRL;
only the game differs, and with it what a best response is.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from games.engine.side import Side
from games.openspiel.signalling import ATTACKER, DEFENDER
from psro_comm.disk.store import RunStore
from psro_comm.lab.lab import seed_of
from psro_comm.metagame.intervals import as_dict, paired_difference
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.regret import gains_converged, mixture_returns
from psro_comm.metagame.table_intervals import sampled_value
from psro_comm.psro.responses import Trial, by_merit, gain, supported
from psro_comm.psro.solver import Mixtures, Names, RMacrlSolver, new_game
from psro_comm.validation.known_games import KnownGame, Policy

_RESAMPLES = 200


class Step(NamedTuple):
    """The result of one iteration: what was learned, beside the truth."""

    iteration: int
    value: dict[str, float]  # of the table, 95 %
    learned: dict[str, float]  # NashConv by this iteration's oracles, 95 %
    true: float  # exact NashConv of the same mixtures
    bracket: tuple[float, float]  # exact payoffs between which the value lies
    calls: int  # trainings spent on these mixtures
    episodes: int  # played for these mixtures: table, and tests on fresh worlds
    converged: bool  # what the stopping rule says, having seen this iteration


def validate(
    game: KnownGame,
    *,
    iterations: int,
    worlds: int,
    seed: int = 0,
    meta_solver: str = "nash",
    warm_start: bool = False,
    store: RunStore | None = None,
) -> list[Step]:
    """Runs PSRO on a known game through R-MACRL's own solver.

    Args:
      game: the game that is played.
      iterations: number of iterations of algorithm 1.
      worlds: number of worlds of each cell, and of each test on fresh worlds.
      seed: seed of the run.
      meta_solver: name of the meta-solver, a key of META_SOLVERS.
      warm_start: whether best responses learn on from a policy of their side.
      store: keeps the table of every iteration.

    Returns:
      One step for each iteration, about the mixtures *before* its best responses.

    It computes in as many threads as torch is set to; one is several times faster.
    """
    run = _Run(game, worlds, seed, warm_start, store)
    solver = RMacrlSolver(
        new_game(iterations + 2),
        run.respond,
        run.estimate,
        (("filter-000",), ("attack-000",)),
        meta_solver,
        seed,
    )
    steps = []
    for number in range(1, iterations + 1):
        run.number = number
        names, mixtures = solver.names(), solver.mixtures()
        table, calls, episodes = solver.table, run.calls, run.episodes
        solver.iteration()
        steps.append(run.step(names, mixtures, table, calls, episodes))
        if store is not None:
            store.save_json(f"step-{number:03d}", {**steps[-1]._asdict()})
    return steps


class _Run:
    """The state of one run: its policies, its spent budget and its worlds."""

    def __init__(
        self,
        game: KnownGame,
        worlds: int,
        seed: int,
        warm_start: bool,
        store: RunStore | None,
    ) -> None:
        self.game, self.worlds, self.seed = game, worlds, seed
        self.warm_start, self.store = warm_start, store
        first, second = game.start()
        self.policies: dict[str, Policy] = {"filter-000": first, "attack-000": second}
        self.number = self.calls = self.episodes = 0

    def new(self) -> tuple[str, str]:
        return f"filter-{self.number:03d}", f"attack-{self.number:03d}"

    def respond(
        self, names: Names, mixtures: Mixtures, table: PayoffTable
    ) -> tuple[list[str], list[str]]:
        starts = by_merit(table, mixtures)
        for player, name in enumerate(self.new()):
            self.policies[name] = self.game.respond(
                player,
                [self.policies[other] for other in names[1 - player]],
                mixtures[1 - player],
                seed_of(self.seed, name),
                self.policies[starts[player][0]] if self.warm_start else None,
            )
            self.calls += 1
        return [self.new()[0]], [self.new()[1]]

    def estimate(
        self, rows: Sequence[str], columns: Sequence[str], old: PayoffTable
    ) -> PayoffTable:
        table = self._played(old.grown(rows, columns), "")
        if self.store is not None:
            self.store.save_json(f"payoffs-{self.number:03d}", table.to_dict())
        return table

    def _played(self, table: PayoffTable, family: str) -> PayoffTable:
        cells = table.missing()
        if not cells:
            return table
        self.episodes += len(cells) * self.worlds
        returns = np.stack([self._cell(cell, family) for cell in cells])
        blank = np.zeros_like(returns)
        return table.recorded(cells, returns, blank, blank)

    def _cell(self, cell: tuple[str, str], family: str) -> np.ndarray:
        """Returns the returns of one pair, in worlds that depend on its names alone."""
        own = seed_of(self.seed, "/".join((family, *cell)))
        first, second = (self.policies[name] for name in cell)
        return self.game.play(first, second, self.worlds, own)

    def step(
        self,
        names: Names,
        mixtures: Mixtures,
        table: PayoffTable,
        calls: int,
        episodes: int,
    ) -> Step:
        """Returns learned and exact quality of the mixtures, by the latest policies."""
        (x, y), new = mixtures, self.new()
        bracket = [
            self.game.secured(
                player, [self.policies[n] for n in names[player]], mixtures[player]
            )
            for player in (DEFENDER, ATTACKER)
        ]
        rows, cols = supported(names[0], x), supported(names[1], y)
        fresh = self._played(
            PayoffTable.empty().grown([*rows, new[0]], [*cols, new[1]]), "fresh"
        )
        one = np.ones(1)
        learned = paired_difference(
            mixture_returns(fresh.select([new[0]], cols), one, y[y > 0.0]),
            mixture_returns(fresh.select(rows, [new[1]]), x[x > 0.0], one),
        )
        gains = [
            gain(fresh, Trial(names, mixtures, each), side)
            for side, each in zip(Side, new, strict=True)
        ]
        rng = np.random.default_rng(seed_of(self.seed, f"bootstrap-{self.number}"))
        return Step(
            self.number,
            as_dict(sampled_value(table.returns, rng, _RESAMPLES)),
            as_dict(learned),
            bracket[ATTACKER] - bracket[DEFENDER],
            (bracket[DEFENDER], bracket[ATTACKER]),
            calls,
            episodes,
            gains_converged(gains, 0.0),
        )
