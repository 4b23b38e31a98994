"""Compares meta-solvers by whole PSRO runs of equal budgets, one for each seed.

All solvers of a seed start from one team and the same seeds of every artefact, and run
the same number of iterations, each of the same trainings and cells: equal environment
steps and equal evaluations. One combined table holds all policies that they found.

Source: Wang, Ma, Wellman 2022, Evaluating strategy exploration in empirical
  game-theoretic analysis (the combined game as the common measure).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from oracles.strategies.frozen import Frozen
from psro_comm.disk.store import run_path
from psro_comm.lab.lab import Lab
from psro_comm.lab.mixed import Mixed
from psro_comm.lab.session import Request, open_lab, read_run
from psro_comm.metagame.intervals import as_dict, mean_interval
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.regret import mixture_returns, nash_conv
from psro_comm.metagame.rows import Row
from psro_comm.metagame.solvers import nash
from psro_comm.settings.portfolio import steps_of_an_iteration
from psro_comm.studies.gate import warn_unless_it_talks
from psro_comm.studies.opening import open_psro
from psro_comm.studies.over_seeds import over_seeds, verdicts
from psro_comm.studies.references import references
from psro_comm.studies.worst_case import breaker


class Found(NamedTuple):
    """The policies and the history of one PSRO run."""

    filters: dict[str, Frozen]
    attacks: dict[str, Frozen]
    history: list[dict[str, Any]]  # a report for each iteration


def study(
    request: Request, solvers: Sequence[str], seeds: Sequence[int]
) -> dict[str, Any]:
    """Runs or continues a study, and returns its result.

    Args:
      request: task, budget and workers; its run names the study, whose runs are
        `<run>-team-<seed>`, `<run>-<solver>-<seed>` and `<run>-cross-<seed>`; all
        seeds share its team, if it names one.
      solvers: names of meta-solvers; the others are compared with the first.
      seeds: seeds of the repetitions.

    Returns:
      JSON data: one row for each solver and seed, and verdicts over seeds.

    Raises:
      ValueError: as `checked_study`.
    """
    checked_study(request, solvers, seeds)
    rows: list[dict[str, Any]] = []
    beside: list[dict[str, Any]] = []
    for seed in seeds:
        config = replace(request.config, seed=seed)
        team = request.team or f"{request.run}-team-{seed}"
        if request.team is None:
            with open_lab(request._replace(config=config, run=team)) as lab:
                lab.team()
        given = request._replace(config=config, team=team)
        cross = given._replace(run=f"{request.run}-cross-{seed}")
        with open_lab(cross) as lab:
            warn_unless_it_talks(lab)
        found = {name: _psro(given, name, seed) for name in solvers}
        with open_lab(cross) as lab:
            made, compared = _crossed(lab, found)
        rows += [{"seed": seed, **row} for row in made]
        beside += [{"seed": seed, **row.to_dict()} for row in compared]
    psro = request.config.psro
    steps = steps_of_an_iteration(request.config)
    return {
        "task": request.config.task,
        "iterations": psro.iterations,
        "env_steps": psro.iterations * steps,
        "solvers": list(solvers),
        "seeds": list(seeds),
        "rows": rows,
        "references": beside,
        "over_seeds": over_seeds(rows, solvers),
        "verdicts": verdicts(rows, solvers),
    }


def checked_study(
    request: Request, solvers: Sequence[str], seeds: Sequence[int]
) -> None:
    """Refuses requests, solvers and seeds that would make a study fail later.

    Raises:
      ValueError: fewer than two solvers, a seed twice, or a name of a run that is bad.
      StoreError: no such run as `request.team`.
    """
    if len(solvers) < 2 or len(set(seeds)) < len(seeds) or not seeds:
        raise ValueError(
            f"a study needs two solvers and distinct seeds, got {list(solvers)}"
            f" and {list(seeds)}"
        )
    run_path(request.runs_dir, request.run)
    if request.team is not None:
        read_run(request.runs_dir, request.team)


def _psro(request: Request, solver: str, seed: int) -> Found:
    """Runs all iterations, converged or not, so that budgets are equal."""
    config = request.config
    psro = replace(config.psro, meta_solver=solver)
    run = f"{request.run}-{solver}-{seed}"
    own = request._replace(config=replace(config, psro=psro), run=run)
    with open_lab(own) as lab:
        rmacrl = open_psro(lab)
        solution = rmacrl.solve(at_least=psro.iterations)
        history = [each.to_dict() for each in solution.history]
        return Found(rmacrl.filters, rmacrl.attacks, history)


def _crossed(
    lab: Lab, found: Mapping[str, Found]
) -> tuple[list[dict[str, Any]], list[Row]]:
    """Plays all policies of all solvers in one table, and a fresh attack on each.

    Returns:
      One row a solver, and the references in the same worlds.
    """
    filters, attacks = (
        _pooled({name: getattr(run, side) for name, run in found.items()})
        for side in ("filters", "attacks")
    )
    broken = lab.respond(
        [
            breaker(
                lab,
                f"fresh-{name}",
                Mixed.supported(name, run.filters, run.history[-1]["defender_mixture"]),
            )
            for name, run in found.items()
        ]
    )
    fresh = {
        f"{name}/fresh": policy for name, policy in zip(found, broken, strict=True)
    }
    episodes = lab.config.evaluation.episodes
    twins = filters.alias | attacks.alias | {name: name for name in fresh}
    known = lab.knowing()  # some attackers of runs know all there is to know
    table = known.table(
        "combined", filters.policies, attacks.policies | fresh, episodes
    )
    rivals = [Mixed.pure(name, policy) for name, policy in fresh.items()]
    beside = references(lab, "combined", rivals, lab.store.root.parent)
    return [_row(table, name, found, twins) for name in found], beside


class _Pool(NamedTuple):
    """The policies of one side of all solvers; equal ones share a name and cells."""

    policies: dict[str, Frozen]
    alias: dict[str, str]  # `solver/policy` -> its name in `policies`


def _pooled(populations: Mapping[str, Mapping[str, Frozen]]) -> _Pool:
    first: dict[str, str] = {}  # digest -> name
    pool = _Pool({}, {})
    for solver, population in populations.items():
        for key, policy in population.items():
            name = first.setdefault(policy.digest(), _of(solver, key))
            pool.policies.setdefault(name, policy)
            pool.alias[_of(solver, key)] = name
    return pool


def _row(
    table: PayoffTable, name: str, found: Mapping[str, Found], twins: Mapping[str, str]
) -> dict[str, Any]:
    """Returns one solver's run in the combined table, iteration by iteration."""
    matrix, run = table.mean(), found[name]
    steps = []
    for step in run.history:
        x, y = _mixtures(table, twins, name, step)
        pool = np.ix_(
            _known(table.defenders, twins, name, step["defender_mixture"]),
            _known(table.attackers, twins, name, step["attacker_mixture"]),
        )
        own_x, own_y = np.zeros(len(x)), np.zeros(len(y))
        own_x[pool[0].ravel()], own_y[pool[1].ravel()] = nash(matrix[pool])
        steps.append(
            {
                "iteration": step["iteration"],
                "nash_conv": nash_conv(matrix, x, y),
                "population_nash_conv": nash_conv(matrix, own_x, own_y),
            }
        )
    final = {
        other: _mixtures(table, twins, other, each.history[-1])
        for other, each in found.items()
    }
    newest = np.zeros(len(table.attackers))
    newest[table.attackers.index(_of(name, "fresh"))] = 1.0
    x = final[name][0]
    return {
        "solver": name,
        "steps": steps,
        "fresh": _earned(table, x, newest),
        "worst_known": _worst(table, x),
        "against": {other: _earned(table, x, y) for other, (_, y) in final.items()},
    }


def _worst(table: PayoffTable, x: np.ndarray) -> dict[str, Any]:
    """Returns a mixture's return under the worst attack that any run has found.

    A fresh attack may be weaker than one that was found. The smallest of many means is
    too small, by less than about their standard error.
    """
    worst = int((x @ table.mean()).argmin())
    only = np.eye(len(table.attackers))[worst]
    return {**_earned(table, x, only), "attacker": table.attackers[worst]}


def _earned(table: PayoffTable, x: np.ndarray, y: np.ndarray) -> dict[str, float]:
    return as_dict(mean_interval(mixture_returns(table, x, y)))


def _mixtures(
    table: PayoffTable, twins: Mapping[str, str], name: str, step: Mapping[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Returns an iteration's mixtures over the combined populations."""
    sides = []
    for names, key in ((table.defenders, "defender"), (table.attackers, "attacker")):
        mixture = np.zeros(len(names))
        for policy, weight in step[f"{key}_mixture"].items():
            mixture[names.index(twins[_of(name, policy)])] += weight
        sides.append(mixture)
    return sides[0], sides[1]


def _known(
    names: Sequence[str],
    twins: Mapping[str, str],
    solver: str,
    mixture: Mapping[str, float],
) -> list[int]:
    """Returns the indices of a whole population in the combined table, each once."""
    return sorted({names.index(twins[_of(solver, key)]) for key in mixture})


def _of(solver: str, policy: str) -> str:
    return f"{solver}/{policy}"
