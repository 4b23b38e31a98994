"""Runs PSRO: R-MACRL on a team, or the same loop on players that are not ours."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from games.engine.settings import refusal
from games.engine.side import Side
from oracles.strategies.frozen import Frozen
from psro_comm.api.cast import Cast, casting, check_players, only_here
from psro_comm.api.cast import Players as Given
from psro_comm.api.games import beside, laboratory, nothing_else_changed, whole_seed
from psro_comm.api.learning import (
    MetaSolver,
    Oracle,
    named_meta_solver,
    named_oracle,
)
from psro_comm.api.outside import refuse_idle, solve_players
from psro_comm.api.play import Source, game_of
from psro_comm.api.policies import Policy
from psro_comm.api.solution import Solution, settled
from psro_comm.api.tables import Table
from psro_comm.lab.lab import Lab
from psro_comm.metagame.allocation import checked_width
from psro_comm.psro.outside import Players
from psro_comm.studies.opening import open_psro
from psro_comm.studies.refinement import refine


def psro(
    source: Source | Players,
    *,
    attacks: Given = (),
    filters: Given = (),
    meta_solver: str | MetaSolver | None = None,
    attack_oracle: str | Oracle | None = None,
    filter_oracle: str | Oracle | None = None,
    settings: Mapping[str, Any] | None = None,
    budget: str = "quick",
    seed: int | None = None,
    workers: int = 0,
    run: str | Path | None = None,
    iterations: int | None = None,
    worlds: int | None = None,
    width: float | None = None,
) -> Solution:
    """Runs PSRO: R-MACRL on a team, or the same loop between players that are not ours.

    Args:
      source: whose team plays: a run, its path, or a `pc.Team`; or `pc.Players`, two
        functions that train and play whatever they like. To these apply `meta_solver`,
        `seed`, `iterations`, `worlds`, `width`, and of `settings` `psro.tolerance` and
        `psro.patience`, alone.
      attacks, filters: further policies that the populations begin with, as in
        `pc.evaluate`.
      meta_solver: a key of `pc.META_SOLVERS`, or a function
        `(payoffs [m, n], standard errors [m, n] or None) -> ([m], [n])`.
      attack_oracle, filter_oracle: who trains that side's best responses: a key of
        `pc.ORACLES`, or a function `(policy, task, budget, log)`. The side then answers
        by `attack_kind` or `filter_kind` alone.
      settings: values by the names of flags: `{"psro.paper": True}`.
      budget: of a team: `smoke`, `quick` or `paper`; a run has its own.
      seed: seed of the run; None is the source's own, 0 of a team and of players.
      workers: processes side by side. Functions play in this process alone.
      run: folder that keeps everything, and goes on after a kill; None keeps nothing.
      iterations: most iterations; None is the budget's, 5 of players.
      worlds: worlds of each cell and of each test of convergence; None is the
        budget's, 256 of players.
      width: half-width of the value's 95 % interval, in returns, to reach by playing
        on; None plays no more.

    Returns:
      The value with its interval, both mixtures, the table by world, each iteration.

    Raises:
      ValueError: an unknown name, a setting that is not allowed, or an answer of a
        function that is none.
    """
    if isinstance(source, Players):
        idle = {"attacks": attacks, "filters": filters, "workers": workers, "run": run}
        oracles = {"attack_oracle": attack_oracle, "filter_oracle": filter_oracle}
        refuse_idle({**idle, **oracles}, "players")
        with nothing_else_changed():
            return solve_players(
                *(source, meta_solver, settings, whole_seed(seed)),
                iterations=iterations,
                worlds=worlds,
                width=width,
            )
    if width is not None:
        checked_width(width)
    why = only_here(workers, run)
    with (
        named_meta_solver(meta_solver, why) as solver,
        named_oracle(attack_oracle, why) as attacker,
        named_oracle(filter_oracle, why) as defender,
    ):
        chosen = {
            "psro.iterations": iterations,
            "psro.episodes": worlds,
            "psro.check_episodes": worlds,
            "psro.meta_solver": solver,
            "attack_trainer": attacker,
            "filter_trainer": defender,
            # A side that is given an oracle answers by that alone.
            "psro.attacks": None if attacker is None else ("own",),
            "psro.filters": None if defender is None else ("own",),
        }
        game = game_of(source, beside(settings, chosen), seed, budget)
        how: dict[str, Any] = {"workers": workers, "run": run}
        if _some(attacks, "attacks"):
            check_players(game, attacks, Side.ATTACKER, "attacks", **how)
        if _some(filters, "filters"):
            check_players(game, filters, Side.DEFENDER, "filters", **how)
        with (
            laboratory(game, workers=workers, run=run) as lab,
            casting(lab, game.runs_dir, workers, run) as cast,
        ):
            begin = (
                _policies(cast, filters, Side.DEFENDER),
                _policies(cast, attacks, Side.ATTACKER),
            )
            return _solved(lab, begin, width, cast.functions)


def _some(given: Given, what: str) -> bool:
    """Returns whether there are players; None is refused."""
    if given is None:
        raise refusal(what, given, "a list or dict of players")
    return bool(given)


def _policies(cast: Cast, given: Given, side: Side) -> dict[str, Frozen]:
    """Returns the policies that a population begins with, by name."""
    if not given:
        return {}
    players = cast.players(given, side, f"{side.strategy}s")
    return {name: each for one in players for name, each in one.policies.items()}


def _solved(
    lab: Lab,
    begin: tuple[dict[str, Frozen], dict[str, Frozen]],
    width: float | None,
    functions: Mapping[str, type],
) -> Solution:
    """Runs R-MACRL in a lab, and plays on until the value is known to `width`."""
    rmacrl = open_psro(lab, given=begin if any(begin) else None)
    found = rmacrl.solve()
    summary = found.summary()
    lab.store.save_json("psro", summary.to_dict())
    lab.store.set_status("done", 1.0)
    table, value = found.table, found.history[-1].value
    weights = {
        "filter": dict(summary.defender_mixture),
        "attack": dict(summary.attacker_mixture),
    }
    if width is not None:
        table, _ = refine(lab, table, width)
        rng = np.random.default_rng(lab.seed("bootstrap"))
        value, weights = settled(table, rmacrl.meta_solver, rng)
    policies = {
        name: Policy.pure(name, policy, functions)
        for population in rmacrl.populations
        for name, policy in population.items()
    }
    shown = Table(table, "payoffs")
    return Solution(shown, weights, policies, value, found.history, found.converged)
