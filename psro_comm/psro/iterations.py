"""Measures an iteration of algorithm 1, and stores what it found."""

from functools import partial

import numpy as np
from absl import logging

from games.engine.side import Side
from psro_comm.lab.lab import Lab
from psro_comm.metagame.formats.files import write_nfg
from psro_comm.metagame.intervals import Interval, bootstrap
from psro_comm.metagame.iteration import Iteration
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.regret import gains_converged, nash_conv, value
from psro_comm.metagame.solvers import EXACT
from psro_comm.metagame.table_intervals import sampled_value
from psro_comm.psro.solver import RMacrlSolver, openspiel_nash_conv

_RESAMPLES = 200


def measure(
    number: int,
    solver: RMacrlSolver,
    gains: tuple[Interval, Interval],
    rng: np.random.Generator,
    tolerance: float,
) -> Iteration:
    """Returns what an iteration found.

    Args:
      number: the iteration's number, from 1.
      solver: the solver after the iteration.
      gains: gains of the new policies on fresh worlds, the defender's first.
      rng: resamples worlds.
      tolerance: gain that does not matter, in returns.
    """
    table, (x, y) = solver.table, solver.mixtures()
    return Iteration(
        iteration=number,
        defender_mixture=dict(zip(table.defenders, x.tolist(), strict=True)),
        attacker_mixture=dict(zip(table.attackers, y.tolist(), strict=True)),
        meta_solver=solver.solved.solver,
        meta_solver_failures=solver.solved.failures,
        value=_value(rng, solver),
        nash_conv=nash_conv(table.mean(), x, y),
        nash_conv_openspiel=openspiel_nash_conv(table, x, y),
        defender_gain=gains[Side.DEFENDER],
        attacker_gain=gains[Side.ATTACKER],
        converged=gains_converged(gains, tolerance),
        std_error_max=float(table.std_error().max()),
    )


def _value(rng: np.random.Generator, solver: RMacrlSolver) -> Interval:
    """Returns the game's value, or what heuristic mixtures earn; resamples worlds."""
    returns = solver.table.returns
    if solver.asked in EXACT:  # solves anew each time
        return sampled_value(returns, rng, _RESAMPLES)
    x, y = solver.mixtures()
    return bootstrap(returns, partial(value, x=x, y=y), rng, _RESAMPLES)


def keep(lab: Lab, found: Iteration, table: PayoffTable) -> None:
    """Writes an iteration and its meta-game, and logs a line."""
    store, name = lab.store, f"iteration-{found.iteration:03d}"
    store.save_json(name, found.to_dict())
    for game in (f"meta_game-{found.iteration:03d}", "meta_game"):
        title = f"{lab.config.task} {game}"
        write_nfg(store.root / f"{game}.nfg", table, title, store.save_beside)
    x = np.array([found.defender_mixture[name] for name in table.defenders])
    log = lab.metrics.logger(name)
    lab.metrics.forget(name)
    log(
        {
            "iteration": found.iteration,
            "psro/value": found.value.estimate,
            "psro/least_in_table": float((x @ table.mean()).min()),
            "psro/nash_conv": found.nash_conv,
            "psro/oracle_gain_defender": found.defender_gain.estimate,
            "psro/oracle_gain_attacker": found.attacker_gain.estimate,
            "payoff/std_error_max": found.std_error_max,
        }
    )
    logging.info(
        f"iteration {found.iteration} of {lab.config.psro.iterations}: value"
        f" {found.value}; on fresh worlds the new attack takes"
        f" {found.attacker_gain}, the new filter adds {found.defender_gain}"
    )
