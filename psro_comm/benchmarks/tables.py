"""Measures payoff tables and the solution of their equilibria."""

import time

import numpy as np
import torch

from games.engine.matches import play_cells
from games.engine.side import Side
from games.engine.worlds import make_worlds
from oracles.strategies.attacks.config import AttackConfig
from oracles.strategies.best_response import new_policy
from oracles.strategies.filters.config import FilterConfig
from psro_comm.benchmarks.timing import Line, Timed, rates
from psro_comm.benchmarks.worlds import hunting_team
from psro_comm.disk.scratch import scratch
from psro_comm.metagame.formats.files import write_meta_game
from psro_comm.metagame.meta_game import MetaGame
from psro_comm.metagame.solvers import GAP_TOLERANCE, solve_many, solve_zero_sum
from psro_comm.reports.tables.analysis import Look, analyze

ANALYSES = (10, 5.0), (40, 60.0), (200, 120.0)  # policies a side, CPU-s at most
FILTER = Side.DEFENDER, "two_stage", FilterConfig()
ATTACK = Side.ATTACKER, "gaussian", AttackConfig()


def lines(device: str, rounds: int) -> list[Line]:
    """Measures one rollout for all cells, and the equilibria of many games."""
    found = []
    for episodes, promised in ((16, 3.0), (256, 1.0)):
        cells = rates(
            {
                "one": table(episodes, device, together=True),
                "each": table(episodes, device, together=False),
            },
            2 if episodes > 16 else rounds,
        )
        label = f"6 by 6 table in one rollout, {episodes} episodes a cell"
        found.append(Line(label, cells["one"], cells["each"], "cells/s", promised))
    return found + solved(rounds)


def table(episodes: int, device: str, *, together: bool) -> Timed:
    """Returns work that plays a 6 by 6 table, in one rollout or cell by cell.

    Cell by cell only the diagonal is played: any cell costs what another does.
    """
    setting = hunting_team(device)
    generator = torch.Generator(device).manual_seed(0)
    filters = [new_policy(setting, *FILTER, generator) for _ in range(6)]
    attacks = [new_policy(setting, *ATTACK, generator) for _ in range(6)]
    for policy in (*filters, *attacks):
        policy.eval().requires_grad_(False)
    worlds = make_worlds(setting.env.spec, 0, 0, episodes, (0,), device)
    cells = [(d, a) for d in range(6) for a in range(6)]

    def work() -> int:
        parts = [cells] if together else [[cell] for cell in cells if len({*cell}) == 1]
        for part in parts:
            play_cells(
                *(setting.env, setting.team, filters, attacks, part),
                *(setting.threat, worlds, generator),
            )
        return sum(map(len, parts))

    return work


def analysed(size: int) -> float:
    """Returns the CPU-seconds of a whole analysis: intervals, words and figures."""
    rng, names = np.random.default_rng(0), [f"p{k}" for k in range(size)]
    mean = rng.standard_normal((size, size))
    game = MetaGame(tuple(names), tuple(names), mean, np.full((size, size), 0.1))
    with scratch() as folder:
        path = folder / "table.csv"
        write_meta_game(path, game)
        began = time.process_time()
        analyze(path, None, 1000, "nash", Look(), 0).draw()
        return time.process_time() - began


def games(size: int, count: int, *, together: bool) -> Timed:
    """Returns work that solves random games, together or each compiled by itself."""
    matrices = np.random.default_rng(0).standard_normal((count, size, size))

    def work() -> int:
        solved = solve_many(matrices) if together else map(solve_zero_sum, matrices)
        worst = max(game.gap for game in solved)
        if not worst <= GAP_TOLERANCE:
            raise ValueError(f"a gap of {worst:.1e}, promised {GAP_TOLERANCE:.0e}")
        return count

    return work


def solved(rounds: int) -> list[Line]:
    """Measures the solution of many games, against one by one and promised times."""
    both = {
        "together": games(10, 100, together=True),
        "each": games(10, 100, together=False),
    }
    rate = rates(both, rounds)
    large = rates({"200": games(200, 1, together=False)}, rounds)["200"]
    label = "1000 resamples of a 10 by 10 game, against"
    whole = [
        Line(
            f"analysis of {size} by {size} with figures, against {limit:g} CPU-s",
            1 / analysed(size),
            1 / limit,
            "tables/s",
            1.0,
        )
        for size, limit in ANALYSES
    ]
    return [
        *whole,
        Line(f"{label} one by one", rate["together"], rate["each"], "games/s", 2.0),
        Line(f"{label} 10 s", rate["together"], 100.0, "games/s", 1.0),
        Line("Nash of a 200 by 200 table, against 2 s", large, 0.5, "games/s", 1.0),
    ]
