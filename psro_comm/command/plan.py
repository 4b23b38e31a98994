"""Describes what a command is about to do: `--dry_run` prints it and stops.

The time is that of the work left to do from scratch, on cores with nothing else to do
(`psro_comm.command.costs`): with `--workers=0` it is CPU time. A run that is begun
already needs less.
"""

from collections.abc import Iterable, Sequence

from games.engine.side import Side
from psro_comm.command.costs import BEGINNING, memory
from psro_comm.command.stages import (
    Stage,
    Target,
    of_cells,
    of_defence,
    of_gate,
    of_psro,
    of_side,
    of_story,
    of_study,
    of_suite,
    of_team,
)
from psro_comm.lab.progress import format_duration
from psro_comm.lab.session import Request, read_run
from psro_comm.names import MUTE, NOBODY
from psro_comm.settings.experiment import ExperimentConfig
from psro_comm.studies.player_names import read_name
from psro_comm.studies.stored_players import count_members

PLAY = 40_000  # environment steps a second on one core, where nobody learns
_WARNED = 256  # worlds of a gate that serves for a warning
_TOLD, _DRAWN = 7.0, 2.0  # seconds of a story's pictures and pages, and a suite's


def plan_team(request: Request) -> str:
    """Returns the plan of `train_team`."""
    config = request.config
    stages = [*of_team(config), of_gate(config, config.evaluation.episodes)]
    return _written(request, "team", stages)


def plan_side(request: Request, name: str) -> str:
    """Returns the plan of training a single policy: an `attack` or a `filter`."""
    side = Side.of(name)
    return _written(request, name, [*_ready(request), *of_side(request.config, side)])


def plan_psro(request: Request, given: tuple[int, int] = (0, 0)) -> str:
    """Returns the plan of `run_psro`.

    Args:
      request: what the command line asks for.
      given: numbers of filters and of attacks that R-MACRL is given to start from.
    """
    stages = [*_ready(request), *of_psro(request.config, given)]
    return _written(request, "psro", stages)


def plan_story(request: Request) -> str:
    """Returns the plan of the quickstart."""
    config = request.config
    measured = config.evaluation.episodes
    stages = [
        *_team(request),
        of_gate(config, measured),
        *of_story(config),
        of_cells(config, "worlds to count what turned", 6, measured),
    ]
    return _written(request, "story", stages, BEGINNING + _TOLD)


def plan_cells(request: Request, cells: int) -> str:
    """Returns the plan of what plays so many cells of as many worlds as measure."""
    config = request.config
    played = of_cells(config, "payoff cells", cells, config.evaluation.episodes)
    return _written(request, "evaluate", [*_ready(request), played])


def plan_suite(
    request: Request,
    defenders: Sequence[str],
    attacks: Sequence[str] = (),
    axes: Iterable[str] = (),
) -> str:
    """Returns the plan of `worst_case`.

    Args:
      request: what the command line asks for.
      defenders: names of those who are attacked.
      attacks: names of further attacks.
      axes: the budgets over which curves are drawn.
    """
    runs = {read_name(name, "filter").home for name in defenders} - {None, request.run}
    stored = len(attacks)
    for run in runs:
        known = read_run(request.runs_dir, str(run)).policies()
        stored += sum("attack" in policy for policy in known)
    targets = [
        Target(count_members(request, name, "filter"), kind != NOBODY)
        for name in defenders
        if (kind := read_name(name, "filter").kind) != MUTE
    ]
    stages = of_suite(request.config, targets, stored, axes)
    stages = [*_ready(request), *stages]
    return _written(request, "suite", stages, BEGINNING + _DRAWN)


def plan_study(request: Request, solvers: Sequence[str], seeds: Sequence[int]) -> str:
    """Returns the plan of a study of meta-solvers: `studies.meta_solvers.study`.

    Args:
      request: what the command line asks for.
      solvers: meta-solvers; each does a PSRO run for each seed.
      seeds: seeds of the repetitions.
    """
    config, count = request.config, len(solvers) * len(seeds)
    teams = [each._replace(times=len(seeds)) for each in _team(request)]
    head = (
        f"PSRO on {config.task} with {', '.join(solvers)}, seeds"
        f" {', '.join(map(str, seeds))}: {count} runs of {config.psro.iterations}"
        f" iterations, on {config.device}, {request.workers} workers, in"
        f" {request.runs_dir / request.run}-*"
    )
    stages = [*teams, *of_study(config, len(solvers), len(seeds))]
    return _lines(request, head, stages)


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
    stages = of_defence(request.config, filters, others, lies, grounds)
    return _written(request, "defence", [*_ready(request), *stages])


def _team(request: Request) -> list[Stage]:
    return of_team(request.config) if request.team is None else []


def _ready(request: Request) -> list[Stage]:
    """Returns what comes before most programs: a new team, and whether it talks."""
    team = _team(request)
    return [*team, of_gate(request.config, _WARNED)] if team else []


def _written(
    request: Request, what: str, stages: Sequence[Stage], begins: float = BEGINNING
) -> str:
    config = request.config
    head = (
        f"{what} of {config.task}, seed {config.seed}, on {config.device},"
        f" {request.workers} workers, in {request.runs_dir / request.run}"
    )
    return _lines(request, head, stages, begins)


def _lines(
    request: Request, head: str, stages: Sequence[Stage], begins: float = BEGINNING
) -> str:
    """Returns the head, a line for each stage, and the sum."""
    cores, seconds, lines = max(1, request.workers), begins, [head]
    for label, count, work, _ in stages:
        parallel = 1 if label == "team" else min(cores, max(1, count))
        spent = count * work.seconds / parallel
        seconds += spent
        lines.append(
            f"  {label:<36} {count:>3} x {work.env_steps:>11,} env steps"
            f"  about {format_duration(spent)}"
        )
    lines.append(f"  {'to begin, and to report':<67}about {format_duration(begins)}")
    room = _memory(request.config, request.workers, stages)
    lines.append(f"  about {format_duration(seconds)} and {room:.1f} GB")
    return "\n".join(lines)


def _memory(config: ExperimentConfig, workers: int, stages: Sequence[Stage]) -> float:
    """Returns the peak in GB; a team is trained here, policies in workers if any."""
    team = [s.work.gigabytes for s in stages if s.label == "team"]
    others = [s.work.gigabytes for s in stages if s.label != "team"]
    return memory(
        *(config, workers, max(team, default=0.0), max(others, default=0.0)),
        busy=any(s.recipe is not None for s in stages),
    )
