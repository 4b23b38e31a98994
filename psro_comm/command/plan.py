"""Describes what a command is about to do: `--dry_run` prints it and stops.

Speeds are rough, of one core of the machine that made the README's figures; they serve
to tell minutes from hours.
"""

from collections.abc import Sequence
from typing import Any

from games.engine.side import Side
from psro_comm.lab.progress import format_duration
from psro_comm.lab.session import Request
from psro_comm.settings.budgets import budgets
from psro_comm.settings.portfolio import beginning, kinds, learns_on, trainings
from psro_comm.settings.psro import RULES

# Environment steps a second on one core: a team's training, a best response's, play.
_TRAIN_TEAM, PLAY = 12_000, 40_000
_TRAIN_ATTACK, _TRAIN_FILTER = 25_000, 15_000
_BASE_MIB = 550.0  # of each process: Python with torch and OpenSpiel
_PER_GAME = 15.0  # steps a second of the stand-in; StarCraft II was not measured
_DEFENDERS = 2  # of a story, that learn
_OPENING = 7, 8  # filters and attacks that R-MACRL begins with
_MIB_PER_GAME = 1024.0
# Measured: 1024 worlds x 64 steps x 3 agents are 1.3 GB (Predator-Prey, a team).
_FLOATS_PER_AGENT = 1_700.0  # of a rollout's step, with what learns from it

_PER_POINT = 28  # attacks that a defender meets at a point of a curve

_Stage = tuple[str, int, int, int]


def plan(
    request: Request,
    program: str,
    *,
    cells: int = 0,
    axes: Sequence[str] = (),
    given: tuple[int, int] = (0, 0),
) -> str:
    """Returns stages, payoff cells, estimated time and memory of a program, in words.

    Args:
      request: what the command line asks for.
      program: `team`, `attack`, `filter`, `psro`, `story`, `evaluate` or `suite`.
      cells: number of cells of the table that `evaluate` plays; number of defenders of
        the suite.
      axes: the budgets over which the suite draws curves.
      given: numbers of filters and of attacks that R-MACRL is given to start from.
    """
    config = request.config
    head = (
        f"{program} of {config.task}, seed {config.seed}, on {config.device},"
        f" {request.workers} workers, in {request.runs_dir / request.run}"
    )
    stages = _stages(request, program, cells, given)
    if axes:
        stages += _curves(request, cells, axes)
    return _written(request, head, stages)


def _curves(request: Request, defenders: int, axes: Sequence[str]) -> list[_Stage]:
    """Returns the stages of a suite's curves."""
    config, limit = request.config, _limit(request)
    agents = config.extent.num_agents
    points = defenders * sum(len(budgets(axis, agents)) for axis in axes)
    cells, steps = points * _PER_POINT, config.psro.episodes * limit
    attack, measured = config.attack_oracle.env_steps, config.evaluation.episodes
    return [
        ("attacks at each point of the curves", 2 * points, attack, _TRAIN_ATTACK),
        (f"cells of the curves (about {cells})", cells, steps, PLAY),
        ("cells to measure the curves", points, measured * limit, PLAY),
    ]


def plan_study(request: Request, solvers: Sequence[str], seeds: Sequence[int]) -> str:
    """Returns the plan of a study of meta-solvers: `studies.meta_solvers.study`.

    Args:
      request: what the command line asks for.
      solvers: meta-solvers; each does a PSRO run for each seed.
      seeds: seeds of the repetitions.
    """
    config, count = request.config, len(solvers) * len(seeds)
    psro, limit = config.psro, _limit(request)
    once = _stages(request._replace(team="known"), "psro", 0)
    # Both start populations and the first answers, to uniform mixtures, are shared.
    filters = 3 + len(solvers) * (psro.iterations - 1)
    cells = filters * (filters + len(solvers)) * len(seeds)
    stages = [
        (label.partition(" (")[0], count * times, steps, speed)
        for label, times, steps, speed in once
    ]
    if request.team is None:
        team = config.training.env_steps
        stages.insert(0, ("team", len(seeds), team, _TRAIN_TEAM))
    attack = config.attack_oracle.env_steps
    stages += [
        ("fresh attacks on the results", count * psro.restarts, attack, _TRAIN_ATTACK),
        (
            f"cells of the combined tables ({cells})",
            cells,
            config.evaluation.episodes * limit,
            PLAY,
        ),
    ]
    head = (
        f"PSRO on {config.task} with {', '.join(solvers)}, seeds"
        f" {', '.join(map(str, seeds))}: {count} runs of {psro.iterations} iterations,"
        f" on {config.device}, {request.workers} workers, in"
        f" {request.runs_dir / request.run}-*"
    )
    return _written(request, head, stages)


def plan_defence(
    request: Request, *, filters: int, others: int, lies: int, grounds: int
) -> str:
    """Returns the plan of a study of a defence: `studies.defence.study`.

    Args:
      request: what the command line asks for.
      filters: how many are trained.
      others: how many of them are set beside the first.
      lies: how many each meets, nobody among them.
      grounds: by how many choices of liars.
    """
    config, limit = request.config, _limit(request)
    stages: list[_Stage] = []
    if request.team is None:
        stages.append(("team", 1, config.training.env_steps, _TRAIN_TEAM))
    if filters:
        budget = config.filter_oracle.env_steps
        stages.append(("filters", filters, budget, _TRAIN_FILTER))
    cells = 2 * grounds * lies + others * lies
    steps = config.evaluation.episodes * limit
    stages.append((f"cells without and behind it ({cells})", cells, steps, PLAY))
    head = (
        f"defence of {config.task}, seed {config.seed}, on {config.device},"
        f" {request.workers} workers, in {request.runs_dir / request.run}"
    )
    return _written(request, head, stages)


def _written(request: Request, head: str, stages: Sequence[_Stage]) -> str:
    """Returns the head, a line for each stage, and the sum."""
    cores, seconds, lines = max(1, request.workers), 0.0, [head]
    games = request.config.extent.most_worlds
    for label, count, steps, speed in stages:
        parallel = 1 if label == "team" else min(cores, count)
        fastest = _PER_GAME * games if games else speed
        spent = count * steps / min(speed, fastest) / parallel
        seconds += spent
        lines.append(
            f"  {label:<36} {count:>3} x {steps:>11,} env steps"
            f"  about {format_duration(spent)}"
        )
    lines.append(
        f"  about {format_duration(seconds)} and {_memory(request, stages):.1f} GB"
    )
    return "\n".join(lines)


def _stages(
    request: Request, program: str, cells: int, given: tuple[int, int] = (0, 0)
) -> list[_Stage]:
    """Returns each stage: label, count, environment steps of one, steps a second."""
    config = request.config
    stages: list[_Stage] = []
    if request.team is None:
        stages.append(("team", 1, config.training.env_steps, _TRAIN_TEAM))
    attack, filter_ = config.attack_oracle.env_steps, config.filter_oracle.env_steps
    psro, episodes = config.psro, config.evaluation.episodes
    limit = _limit(request)
    if program in ("attack", "filter"):
        attacking = program == "attack"
        speed = _TRAIN_ATTACK if attacking else _TRAIN_FILTER
        stages.append((program, 1, attack if attacking else filter_, speed))
    if program == "story":
        stages += [
            ("attacks without a filter", 3, attack, _TRAIN_ATTACK),
            ("vanilla filter", 1, filter_, _TRAIN_FILTER),
        ]
    if program == "suite":
        stages += _suite(request, cells)
    if program == "evaluate":
        stages.append((f"payoff cells ({cells})", cells, episodes * limit, PLAY))
    if program in ("psro", "story"):
        stages += _psro(request, given)
    if program == "story":
        defenders = _DEFENDERS
        if psro.paper:
            whole = (attack + filter_) * psro.iterations * psro.restarts
            words = "filter with R-MACRL's whole budget"
            stages.append((words, 1, whole, _TRAIN_FILTER))
            defenders += 1
        fresh = defenders * psro.restarts
        stages += [
            (f"fresh attacks on {defenders} defenders", fresh, attack, _TRAIN_ATTACK),
            ("cells of the audit (about 70)", 70, episodes * limit, PLAY),
            *_suite(request, defenders),
        ]
    return stages


def _psro(request: Request, given: tuple[int, int]) -> list[_Stage]:
    """Returns the stages of R-MACRL, with so many filters and attacks given to it."""
    config = request.config
    psro, cell = config.psro, config.psro.episodes * _limit(request)
    stages: list[_Stage] = []
    rows, columns = 2, 2
    first = trainings(config, Side.DEFENDER)[kinds(psro, Side.DEFENDER)[0]].fresh
    if beginning(psro) == RULES:
        stages.append(("first filter", 1, first.budget.env_steps, _TRAIN_FILTER))
        rows, columns = _OPENING
    for side, speed in ((Side.ATTACKER, _TRAIN_ATTACK), (Side.DEFENDER, _TRAIN_FILTER)):
        known, count = trainings(config, side), psro.iterations * psro.restarts
        # Fresh filters are trained only where those that learn on are not enough: here
        # in every second iteration.
        often = learns_on(psro) and not psro.paper and side is Side.DEFENDER
        for kind in kinds(psro, side):
            words = f"R-MACRL {kind} {side.strategy}s"
            fresh, further = (each.budget.env_steps for each in known[kind])
            if often:
                stages.append((f"{words}, going on", psro.iterations, further, speed))
                count = psro.iterations * (psro.restarts - 1) // 2
            if count:
                stages.append((words, count, fresh, speed))
    rows, columns = rows + given[0], columns + given[1]
    most = len(kinds(psro, Side.ATTACKER)) * (1 if psro.paper else psro.restarts)
    cells = (rows + psro.iterations) * (columns + psro.iterations * most)
    return [*stages, (f"payoff cells ({cells})", cells, cell, PLAY)]


def _suite(request: Request, defenders: int) -> list[_Stage]:
    """Returns the stages of a suite against some defenders."""
    config, limit = request.config, _limit(request)
    attack, choice = config.attack_oracle.env_steps, config.psro.episodes * limit
    trained = 11 * defenders
    # Attacks that nobody trains, and those that are trained on all defenders.
    count = defenders * (21 + trained)
    measured = config.evaluation.episodes * limit
    return [
        ("attacks on each defender", trained, attack, _TRAIN_ATTACK),
        (f"cells to choose attacks (about {count})", count, choice, PLAY),
        ("cells to measure them", 3 * defenders, measured, PLAY),
    ]


def _limit(request: Request) -> int:
    return request.config.extent.episode_limit


def _memory(request: Request, stages: Sequence[_Stage]) -> float:
    """Returns the peak memory in GB: of the largest rollout in each process, and games.

    A team is trained in this process, policies in workers where there are some.
    """
    config, team, policies = request.config, 0.0, 0.0
    if any(label == "team" for label, *_ in stages):
        team = _rollout(config.training, request)
    if any(label != "team" and speed != PLAY for label, _, _, speed in stages):
        known = [
            training for side in Side for training in trainings(config, side).values()
        ]
        policies = max(_rollout(each.fresh.budget, request) for each in known)
    base, extent = _BASE_MIB / 1024.0, config.extent
    workers = request.workers * (base + policies)
    own = base + max(team, 0.0 if request.workers else policies)
    apart = config.env == "smac"  # each game is a process
    games = (extent.most_worlds or 0) * _MIB_PER_GAME / 1024.0 if apart else 0.0
    return max(own, base + workers) + games


def _rollout(training: Any, request: Request) -> float:
    """Returns the GB of a training's rollout; without a length it is of whole episodes.

    A search by candidates keeps none.
    """
    extent = request.config.extent
    length = getattr(training, "num_steps", extent.episode_limit)
    steps = training.num_envs * (1 if hasattr(training, "candidates") else length)
    return float(steps * extent.num_agents * _FLOATS_PER_AGENT * 4 / 2**30)
