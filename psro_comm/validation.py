"""PSRO on games of known value: what it finds, beside what is true.

The solver, its seam to OpenSpiel, the payoff table and the store are those of R-MACRL;
only the game differs, and with it what a best response is.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from games.signalling import ATTACKER, DEFENDER
from psro_comm.analysis import (
    as_dict,
    paired_difference,
    value_interval,
)
from psro_comm.known_games import KnownGame, Policy
from psro_comm.meta_solvers import META_SOLVERS
from psro_comm.payoffs import PayoffTable
from psro_comm.solver import BestResponseOracle, RMacrlSolver, new_game
from psro_comm.store import RunStore
from psro_comm.tables import columns, interval

_RESAMPLES = 200


class Step(NamedTuple):
    """One iteration: what was learned, beside what is true."""

    iteration: int
    value: dict[str, float]  # of the table, 95 %
    learned: dict[
        str, float
    ]  # NashConv by this iteration's oracles, fresh worlds, 95 %
    true: float  # exact NashConv of the same mixtures
    bracket: tuple[float, float]  # exact payoffs between which the value lies


def validate(
    game: KnownGame,
    *,
    iterations: int,
    worlds: int,
    seed: int = 0,
    meta_solver: str = "nash",
    store: RunStore | None = None,
    respond: Callable[..., Policy] | None = None,
) -> list[Step]:
    """Runs PSRO on a known game through R-MACRL's own solver.

    Args:
      game: what is played.
      iterations: of algorithm 1.
      worlds: of each cell, and of each test on fresh worlds.
      seed: of everything.
      meta_solver: key of META_SOLVERS.
      store: keeps the table of every iteration.
      respond: instead of the game's own oracle.

    Returns:
      One step for each iteration, about the mixtures *before* its best responses.
    """
    policies: dict[str, Policy] = {}
    players = ("filter", "attack")
    for side, policy in zip(players, game.start(), strict=True):
        policies[f"{side}-000"] = policy
    answer, number = respond or game.respond, 0

    def best(
        names: tuple[tuple[str, ...], tuple[str, ...]],
        mixtures: tuple[np.ndarray, np.ndarray],
    ) -> tuple[list[str], list[str]]:
        new = []
        for player, side in enumerate(players):
            others = [policies[name] for name in names[1 - player]]
            name = f"{side}-{number:03d}"
            own_seed = _seed(seed, name)
            policies[name] = answer(player, others, mixtures[1 - player], own_seed)
            new.append([name])
        return new[0], new[1]

    def estimate(
        rows: Sequence[str], columns: Sequence[str], old: PayoffTable
    ) -> PayoffTable:
        table = old.grown(rows, columns)
        cells = table.missing()
        returns = np.stack([_cell(game, policies, c, worlds, seed, "") for c in cells])
        blank = np.zeros_like(returns)
        table = table.recorded(cells, returns, blank, blank)
        if store is not None:
            store.save_json(f"payoffs-{number:03d}", table.to_dict())
        return table

    solver = RMacrlSolver(
        new_game(iterations + 2),
        BestResponseOracle(best),
        estimate,
        (("filter-000",), ("attack-000",)),
        META_SOLVERS[meta_solver],
        seed,
    )
    steps = []
    for number in range(1, iterations + 1):
        names, mixtures, table = solver.names(), solver.mixtures(), solver.table
        solver.iteration()
        steps.append(
            _measured(game, policies, names, mixtures, table, number, worlds, seed)
        )
        if store is not None:
            store.save_json(f"step-{number:03d}", {**steps[-1]._asdict()})
    return steps


def _measured(
    game: KnownGame,
    policies: dict[str, Policy],
    names: tuple[tuple[str, ...], tuple[str, ...]],
    mixtures: tuple[np.ndarray, np.ndarray],
    table: PayoffTable,
    number: int,
    worlds: int,
    seed: int,
) -> Step:
    """Learned and exact quality of the mixtures that iteration `number` answered."""
    x, y = mixtures
    bracket = [
        game.secured(player, [policies[n] for n in names[player]], mixtures[player])
        for player in (DEFENDER, ATTACKER)
    ]
    new = (f"filter-{number:03d}", f"attack-{number:03d}")

    def earned(rows: dict[str, float], columns: dict[str, float]) -> np.ndarray:
        total = np.zeros(worlds)
        for defender, p in rows.items():
            for attacker, q in columns.items():
                if p * q > 0:
                    cell = (defender, attacker)
                    total += p * q * _cell(game, policies, cell, worlds, seed, "fresh")
        return total

    row, column = (
        dict(zip(n, m, strict=True)) for n, m in zip(names, (x, y), strict=True)
    )
    learned = paired_difference(
        earned({new[0]: 1.0}, column), earned(row, {new[1]: 1.0})
    )
    rng = np.random.default_rng(_seed(seed, f"bootstrap-{number}"))
    return Step(
        number,
        as_dict(value_interval(table.returns, rng, _RESAMPLES)),
        as_dict(learned),
        bracket[ATTACKER] - bracket[DEFENDER],
        (bracket[DEFENDER], bracket[ATTACKER]),
    )


def _cell(
    game: KnownGame,
    policies: dict[str, Policy],
    cell: tuple[str, str],
    worlds: int,
    seed: int,
    family: str,
) -> np.ndarray:
    """Returns of one pair, in worlds that depend on its names alone."""
    own = _seed(seed, "/".join((family, *cell)))
    return game.play(policies[cell[0]], policies[cell[1]], worlds, own)


def _seed(seed: int, name: str) -> int:
    return int(np.random.SeedSequence([seed, *name.encode()]).generate_state(1)[0])


def render_steps(steps: Sequence[Step], value: float) -> str:
    """Learned lower bound, truth and interval side by side."""
    rows = [
        (
            f"iteration {step.iteration}",
            str(interval(step.value)),
            str(interval(step.learned)),
            f"{step.true:.4f}",
            "[{:.3f}, {:.3f}]".format(*step.bracket),
        )
        for step in steps
    ]
    head: list[Any] = [f"true value {value:.4g}", "value of the table [95 %]"]
    head += ["NashConv, learned [95 %]", "NashConv, true", "true bracket"]
    return columns(rows, head)
