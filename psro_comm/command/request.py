"""Defines the flags that programs share, and makes a request of their values."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from absl import flags

from games.engine.registry import Entry, Settings
from games.environments.registry import ENVS
from oracles.strategies.registry import ATTACKS, FILTERS
from oracles.teams.backbones import BACKBONES
from oracles.teams.elsewhere import TEAMS
from psro_comm.command.common import (
    COMMON,
    define_common,
    folder_of_runs,
    load_plugins,
)
from psro_comm.command.flags import define_flags, from_flags
from psro_comm.disk.store import run_path
from psro_comm.disk.wandb_lines import require_wandb
from psro_comm.lab.session import Request, choose_device, read_run, run_on
from psro_comm.settings.experiment import ExperimentConfig, from_description
from psro_comm.settings.fields import leaves
from psro_comm.settings.tasks import preset
from psro_comm.studies.player_names import read_name, with_team_of
from psro_comm.studies.stored_players import check_players

flags.disclaim_key_flags()  # our flags are the key flags of the binaries

FLAGS = flags.FLAGS
_OWN = ("task", "seed", "device")  # leaves of the configuration with flags of their own

_BY_TRAINING = (  # settings of a side that its training alone reads
    *("attack.alpha", "attack.stop_return"),
    *("filter.beta1", "filter.beta2", "filter.benign_fraction"),
)


def define(*settings: str, but: Collection[str] = ()) -> None:
    """Defines the flags of a program that plays a task, those of run and team included.

    Args:
      settings: names of the other fields of the configuration that the program reads
        (`filter.hidden`), or of groups of them (`threat`).
      but: names of fields of these groups that the program does not read.
    """
    define_common(*COMMON)
    names = _fields(("env", *_groups(ENVS), *_training(), *settings))
    define_flags(ExperimentConfig, ExperimentConfig(), names=names - {*but})


def _training() -> tuple[str, ...]:
    """Returns the groups of settings that a team's training reads."""
    return "backbone", *_groups(BACKBONES), "learner", "training"


def _groups(registry: Mapping[str, Entry]) -> list[str]:
    """Returns the names of entries that have settings, at least one."""
    return [name for name, kind in Settings(registry).items() if any(leaves(kind))]


def trained(side: str) -> tuple[str, ...]:
    """Returns the settings of a side (`attack` or `filter`) that the program trains."""
    return f"{side}_kind", side, f"{side}_trainer", f"{side}_oracle"


def untrained(side: str) -> tuple[str, ...]:
    """Returns the settings by which a player named `untrained` is made."""
    return tuple(_fields([f"{side}_kind", side]) - {*_BY_TRAINING})


def _fields(names: Iterable[str]) -> set[str]:
    """Returns the configuration's leaves of these names, or in groups so named."""
    known = {leaf.name for leaf in leaves(ExperimentConfig)}
    found: set[str] = set()
    for name in names:
        inside = {leaf for leaf in known if f"{leaf}.".startswith(f"{name}.")}
        if not inside:
            raise ValueError(f"the configuration has no {name!r}")
        found |= inside
    return found


def request(
    kind: str | None = None,
    named: Mapping[str, Sequence[str]] | None = None,
    adapt: Callable[[ExperimentConfig], ExperimentConfig] = lambda config: config,
    *,
    teams: bool = False,
) -> Request:
    """Returns what the flags ask for.

    Args:
      kind: a part of the default name of the run, for programs other than the story's,
        so that their runs do not share a name.
      named: players that the user named, by side; the first run among them lends its
        team where no other is given.
      adapt: changes what the program itself sets, before flags change the rest.
      teams: whether defenders may bring teams of their own.

    Raises:
      ValueError: a value that is not allowed, or a flag that would be ignored.
      StoreError: a player's run does not exist.
    """
    load_plugins()
    base = adapt(preset(FLAGS.task, FLAGS.budget, FLAGS.seed))
    config = from_flags(base, skip=_OWN)
    device = choose_device(FLAGS.device)
    name = [FLAGS.task, FLAGS.budget, str(FLAGS.seed)]
    if kind is not None:
        name.insert(0, kind)
    asked = Request(
        replace(config, device=device),
        folder_of_runs(),
        FLAGS.run or "-".join(name).replace(":", "-"),
        flags=_given_flags(),
        team=FLAGS.team,
        wandb=FLAGS.wandb,
        **run_on(*_runners(), device, config.env),
    )
    _check_run_names(asked)
    if asked.wandb is not None:
        require_wandb(asked.wandb)
    asked = with_team_of(asked, named or {})
    _refuse_idle(asked, named or {})
    check_players(asked, named or {}, teams=teams)
    trainings = ["training"] if asked.team is None else []
    trainings += [f"{side}_oracle" for side in ("attack", "filter") if _trains(side)]
    config.check_games(trainings)
    return asked


def _given_flags() -> str:
    """Returns the program's own flags and their values, as `--flagfile` reads them."""
    own = (
        flag
        for module, found in FLAGS.flags_by_module_dict().items()
        if not module.startswith("absl.")
        for flag in found
        if flag.value is not None
    )
    return "".join(f"{flag.serialize()}\n" for flag in own)


def _refuse_idle(asked: Request, named: Mapping[str, Sequence[str]]) -> None:
    """Refuses settings of policies that the program neither trains nor makes."""
    defined = {*FLAGS}
    if "threat.mix_weight" in defined and asked.config.threat.mode != "convex":
        refuse(["threat.mix_weight"], "unless threat.mode is convex")
    if asked.team is not None:
        idle = sorted(_fields(_training()) & defined)
        refuse(idle, f"with the team of {asked.team!r}")
    for role, names in named.items():
        own = {"untrained", getattr(asked.config, f"{role}_kind")}  # made by recipe
        kinds = {read_name(name, role).kind for name in names}
        if not _trains(role) and not own & kinds:
            idle = sorted(_fields([f"{role}_kind", role]) & defined)
            refuse(idle, f"without an untrained {role}")


def _check_run_names(asked: Request) -> None:
    """Refuses a run that could never be named as a player, or a team that is not."""
    run_path(asked.runs_dir, asked.run)
    taken = {"untrained", *ATTACKS, *FILTERS, *TEAMS}
    if asked.run in taken:
        raise ValueError(
            f"--run is {asked.run!r}, must be another name than those of attacks,"
            f" filters and teams: {', '.join(sorted(taken))}"
        )
    if asked.team is not None and asked.team not in TEAMS:
        read_run(asked.runs_dir, asked.team)


def named_players(
    flag: Mapping[str, str] | None = None, **given: Sequence[str]
) -> dict[str, list[str]]:
    """Returns the players that a program's lists name, by side.

    Args:
      flag: the flag of a side, where it is not `attacks` or `filters`.
      given: values of the flags, by side: `attack` or `filter`.

    Raises:
      ValueError: a list is empty, or names a player twice.
    """
    for side, names in given.items():
        if not names or len(set(names)) != len(names):
            raise ValueError(
                f"--{(flag or {}).get(side, f'{side}s')} is {','.join(names)!r}, must"
                " name at least one player, none twice"
            )
    return {side: list(names) for side, names in given.items()}


def _trains(side: str) -> bool:
    """Returns whether the program trains that side."""
    return f"{side}_trainer" in FLAGS


def begun() -> Request:
    """Returns the request with which an existing run was begun.

    Only what runs its tasks comes from the command line: --workers, --executor.

    Raises:
      StoreError: there is no run of that name.
    """
    load_plugins()
    runs_dir = folder_of_runs()
    config = from_description(read_run(runs_dir, FLAGS.run).config)
    runners = run_on(*_runners(), config.device, config.env)
    return Request(config, runs_dir, FLAGS.run, **runners)


def _runners() -> tuple[str, int | None, str | None]:
    return FLAGS.executor, FLAGS.workers, FLAGS["ray.address"].value


def refuse(names: Iterable[str], why: str, *, but_defaults: bool = False) -> None:
    """Refuses flags that were given and would be ignored.

    Args:
      names: names of the flags.
      why: the reason that they have no effect, such as `beside --payoffs`.
      but_defaults: whether defaults may be given, as `--flagfile` gives them all.

    Raises:
      ValueError: one of them was given.
    """
    for name in names:
        flag = FLAGS[name]
        if flag.present and not (but_defaults and flag.value == flag.default):
            raise ValueError(f"--{name} has no effect {why}: leave it out")


def json_file(given: str | None, default: Path) -> Path:
    """Returns the file that `--out` names, or the default.

    Raises:
      ValueError: it is no .json file.
    """
    if given is not None and Path(given).suffix != ".json":
        raise ValueError(f"--out is {given!r}, must be a .json file")
    return default if given is None else Path(given)


def seeds(words: Sequence[str] | None) -> list[int]:
    """Returns the seeds that `--seeds` lists, or `--seed` alone.

    Raises:
      ValueError: not a seed, or one twice.
    """
    if words is None:
        return [FLAGS.seed]
    refuse(["seed"], "beside --seeds", but_defaults=True)
    return checked_seeds(words)


def checked_seeds(words: Sequence[str]) -> list[int]:
    """Returns the seeds that `--seeds` lists.

    Raises:
      ValueError: not a seed, or one twice.
    """
    for word in words:
        if not word.isdecimal() or int(word) >= 2**31:
            raise ValueError(
                f"--seeds has {word!r}, allowed are whole numbers from 0 to 2^31 - 1"
            )
    found = [int(word) for word in words]
    if not found or len(set(found)) < len(found):
        raise ValueError(f"--seeds is {','.join(words)!r}, must name each seed once")
    return found
