"""The stages of each program, foreseen: what is trained and played, and how often."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from games.engine.side import Side
from oracles.strategies.config import Recipe
from psro_comm.command.costs import Work, cells_work, team_work, training_work
from psro_comm.settings.budgets import budgets
from psro_comm.settings.experiment import ExperimentConfig
from psro_comm.settings.portfolio import (
    SEARCHED,
    beginning,
    kinds,
    learns_on,
    longer,
    searches,
    stopping_at,
    trainings,
)
from psro_comm.settings.psro import RULES
from psro_comm.settings.suite import (
    AT_POINT,
    NOT_TRAINED,
    fresh_attacks,
    warm_attacks,
)

_OPENING = 7, 8  # filters and attacks that R-MACRL begins with, nobody among them
_THRESHOLDS = 2  # at which a new filter is tried, too
_CHECKED = 12  # cells of a convergence test
_BESIDE = 7  # cells of yardsticks
_PER_POINT = 28  # attacks that a defender meets at a point of a curve
_AUDITED = 70  # cells of a story's audit
_MIXED = 2  # policies of R-MACRL's mixture
_DEARER = 1.5  # a step of attacks that were searched, beside one of any policy
_ASKED, _EACH = 256, 0.03  # worlds behind a belief, and seconds to judge it


class Stage(NamedTuple):
    """Trainings or matches of one sort, which are made side by side.

    Attributes:
      label: what they are.
      times: how many.
      work: each of them.
      recipe: what is trained; None for matches and teams.
    """

    label: str
    times: int
    work: Work
    recipe: Recipe | None = None


class Target(NamedTuple):
    """A defender that the suite attacks.

    Attributes:
      policies: of its mixture.
      flags: whether it has a filter at all.
      searched: whether attacks are trained on it; others meet those.
      met: whether the run's own kind of attack was trained on it before.
    """

    policies: int = 1
    flags: bool = True
    searched: bool = True
    met: bool = False


def of_team(config: ExperimentConfig) -> list[Stage]:
    """Returns the stages of a team's training; also of one that learns on."""
    stages = [Stage("team", 1, team_work(config))]
    hardening = config.hardening
    if hardening.start is not None:
        found = searches(hardening.search_steps)
        stages += [
            of_training(config, f"{kind} attacks on it", hardening.rounds, recipe)
            for kind, recipe in ((kind, found[kind].fresh) for kind in SEARCHED)
        ]
    return stages


def of_gate(config: ExperimentConfig, episodes: int) -> Stage:
    """Returns the measurement of what a team loses without its messages."""
    times = 12 if config.backbone == "ndq" else 8  # which can cut its messages
    return Stage("worlds of its gate", times, cells_work(config, 1, episodes))


def of_side(config: ExperimentConfig, side: Side) -> list[Stage]:
    """Returns the training of a single policy, and its measurement."""
    return [
        of_training(config, side.strategy, 1, config.recipe(side)),
        of_cells(
            config, "cells to measure it", _BESIDE + 2, config.evaluation.episodes
        ),
    ]


def of_psro(config: ExperimentConfig, given: tuple[int, int] = (0, 0)) -> list[Stage]:
    """Returns the stages of R-MACRL, with so many filters and attacks given to it."""
    psro, stages = config.psro, list[Stage]()
    rows, columns = (2, 2) if given == (0, 0) else (1, 1)
    if beginning(psro) == RULES:
        first = trainings(config, Side.DEFENDER)[kinds(config, Side.DEFENDER)[0]].fresh
        stages.append(of_training(config, "first filter", 1, first))
        rows, columns = _OPENING
    for side in (Side.ATTACKER, Side.DEFENDER):
        stages += _answers(config, side)
    cells = _searched_cells(config, rows + given[0], columns + given[1])
    return [*stages, of_cells(config, "payoff cells", cells, psro.episodes)]


def _answers(config: ExperimentConfig, side: Side) -> list[Stage]:
    """Returns the trainings of a side's best responses."""
    psro, known, stages = config.psro, trainings(config, side), list[Stage]()
    # Fresh filters are trained only where those that learn on are not enough: here in
    # every second iteration.
    often = learns_on(psro) and not psro.paper and side is Side.DEFENDER
    for kind in kinds(config, side):
        words = f"R-MACRL {kind} {side.strategy}s"
        count = psro.iterations * psro.restarts
        if often:
            on = known[kind].further
            stages.append(
                of_training(config, f"{words}, going on", psro.iterations, on)
            )
            count = psro.iterations * (psro.restarts - 1) // 2
        if count:
            stages.append(of_training(config, words, count, known[kind].fresh))
    return stages


def _searched_cells(config: ExperimentConfig, rows: int, columns: int) -> int:
    """Returns the cells of R-MACRL: of the table, of what was tried, and of checks."""
    psro, cells = config.psro, rows * columns
    attacks = len(kinds(config, Side.ATTACKER)) * psro.restarts
    filters = len(kinds(config, Side.DEFENDER)) * psro.restarts
    tried = filters if psro.paper else filters + _THRESHOLDS
    joining = (1, 1) if psro.paper else (1, attacks)
    for _ in range(psro.iterations):
        cells += rows * attacks + tried * (columns + attacks) + _CHECKED
        rows, columns = rows + joining[0], columns + joining[1]
    return cells + _BESIDE


def of_story(config: ExperimentConfig) -> list[Stage]:
    """Returns the stages of the quickstart's chapters, its team aside."""
    attack, filter_ = (config.recipe(side) for side in (Side.ATTACKER, Side.DEFENDER))
    attack, psro = stopping_at(attack, None), config.psro
    targets = [Target(met=True), Target(_MIXED, met=True)]
    stages = [
        of_training(config, "attacks without a filter", 3, attack),
        of_training(config, "vanilla filter", 1, filter_),
        *of_psro(config),
    ]
    if psro.paper:
        steps = attack.budget.env_steps + filter_.budget.env_steps
        long = longer(filter_, steps * psro.iterations * psro.restarts)
        words = "filter with R-MACRL's whole budget"
        stages.append(of_training(config, words, 1, long))
        targets.append(Target(met=True))
    fresh, measured = len(targets) * psro.restarts, config.evaluation.episodes
    made = 3 + fresh + psro.iterations * len(kinds(config, Side.ATTACKER))
    yardsticks = [Target(flags=False, searched=False), Target(searched=False)]
    return [
        *stages,
        of_training(
            config, f"fresh attacks on {len(targets)} defenders", fresh, attack
        ),
        of_cells(config, "cells of the audit", _AUDITED, measured),
        *of_suite(config, [*targets, *yardsticks], made),
    ]


def of_suite(
    config: ExperimentConfig,
    targets: Sequence[Target],
    stored: int = 0,
    axes: Iterable[str] = (),
) -> list[Stage]:
    """Returns the stages of a suite against some defenders that hear something.

    Args:
      config: the experiment.
      targets: the defenders.
      stored: attacks of their runs, which take part.
      axes: the budgets over which curves are drawn.
    """
    stages, own = list[Stage](), config.recipe(Side.ATTACKER).kind
    searched = [each for each in targets if each.searched]
    trained = 0
    for target in searched:
        fresh = fresh_attacks(config, flags=target.flags)
        asked = {
            **{n: r for n, r in fresh.items() if r.kind != own or not target.met},
            **warm_attacks(config),
        }
        trained += len(asked)
        # Some names are of the same search with other luck: `stealthy 2`.
        stages += [
            of_training(config, f"{n.rstrip(' 0123456789')} attacks", 1, r)
            for n, r in asked.items()
        ]
    rows = sum(target.policies for target in targets)
    met = rows * (len(NOT_TRAINED) + stored + trained)
    measured = config.evaluation.episodes
    choice = of_cells(config, "cells to choose the worst", met, config.psro.episodes)
    dear = choice.work._replace(seconds=_DEARER * choice.work.seconds)
    stages = [
        *_together(stages),
        choice._replace(work=dear),
        of_cells(config, "cells to measure it", 3 * rows + 3, measured),
    ]
    for axis in axes:
        stages += _curves(config, axis, len(searched), rows)
    return stages


def _curves(
    config: ExperimentConfig, axis: str, defenders: int, rows: int
) -> list[Stage]:
    """Returns the stages of a suite's curves over one budget of the attacker."""
    threat = config.threat
    own = threat.num_malicious if axis == "liars" else getattr(threat, axis)
    points = budgets(axis, config.num_agents)
    others = sum(each not in (0, own) for each in points) * defenders
    recipes = fresh_attacks(config)
    cells, words = rows * len(points), f"curves over {axis}"
    return [
        *(of_training(config, f"{k}, {words}", others, recipes[k]) for k in AT_POINT),
        of_cells(config, f"cells, {words}", cells * _PER_POINT, config.psro.episodes),
        of_cells(
            config, f"cells to measure, {words}", cells, config.evaluation.episodes
        ),
    ]


def of_defence(
    config: ExperimentConfig, filters: int, others: int, lies: int, grounds: int
) -> list[Stage]:
    """Returns the stages of a study of a defence, as `plan.plan_defence`."""
    measured = config.evaluation.episodes
    heard, cells = grounds * lies + others * lies, 2 * grounds * lies + others * lies
    each = cells_work(config, 1, min(_ASKED, measured))
    recipe = config.recipe(Side.DEFENDER)
    return [
        *([of_training(config, "filters", filters, recipe)] if filters else []),
        of_cells(config, "cells without and behind it", cells, measured),
        Stage("beliefs", heard, each._replace(seconds=each.seconds + _EACH)),
    ]


def of_study(config: ExperimentConfig, solvers: int, seeds: int) -> list[Stage]:
    """Returns the stages of so many meta-solvers' PSRO runs, for so many seeds each.

    Populations at the start are shared; so are the first answers, if to uniform ones.
    """
    psro, count = config.psro, solvers * seeds
    once = [s._replace(times=s.times * count) for s in of_psro(config)]
    rules = beginning(psro) == RULES
    rows, columns = _OPENING if rules else (2, 2)
    attacks = len(kinds(config, Side.ATTACKER)) * (1 if psro.paper else psro.restarts)
    own = solvers * psro.iterations - (0 if rules else solvers - 1)
    cells = (rows + own) * (columns + own * attacks + solvers) * seeds
    attack = stopping_at(config.recipe(Side.ATTACKER), None)
    fresh, measured = count * psro.restarts, config.evaluation.episodes
    return [
        *once,
        of_training(config, "fresh attacks on the results", fresh, attack),
        of_cells(config, "cells of the combined tables", cells, measured),
    ]


def of_cells(config: ExperimentConfig, label: str, count: int, episodes: int) -> Stage:
    """Returns the play of so many cells of a payoff table, of so many worlds each."""
    one = cells_work(config, count, episodes)
    work = Work(one.env_steps // max(1, count), one.seconds / max(1, count))
    return Stage(label, count, work)


def of_training(
    config: ExperimentConfig, label: str, count: int, recipe: Recipe
) -> Stage:
    """Returns so many trainings of one recipe."""
    return Stage(label, count, training_work(config, recipe), recipe)


def _together(stages: Sequence[Stage]) -> list[Stage]:
    """Returns stages of equal label and budget as one."""
    found: dict[tuple[str, Recipe | None], Stage] = {}
    for stage in stages:
        key = stage.label, stage.recipe
        had = found.get(key, stage._replace(times=0))
        found[key] = had._replace(times=had.times + stage.times)
    return list(found.values())
