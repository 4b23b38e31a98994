"""The flags that every program shares, and the request that they add up to."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from absl import flags

from psro_comm.command.flags import define_flags, from_flags
from psro_comm.lab.session import Request, choose_device, choose_workers, read_run
from psro_comm.settings.experiment import ExperimentConfig, from_description
from psro_comm.settings.fields import leaves
from psro_comm.settings.tasks import BUDGETS, TASKS, preset, require_known

flags.disclaim_key_flags()  # our flags are the key flags of the binaries

FLAGS = flags.FLAGS
_OWN = ("task", "seed", "device")  # leaves of the configuration with flags of their own


def define(default_task: str = "predator_prey_p05") -> None:
    """Defines the common flags, and one for every field of the configuration."""
    listed = ", ".join(TASKS)
    flags.DEFINE_string(
        "task", default_task, f"What is played: {listed}, or smac:MAP (StarCraft II)."
    )
    flags.register_validator("task", _known_task)
    flags.DEFINE_enum(
        "budget",
        "quick",
        list(BUDGETS),
        "smoke: seconds, quick: minutes, paper: hours.",
    )
    flags.DEFINE_string("run", None, "Name of the run (default: task-budget-seed).")
    flags.DEFINE_string("runs_dir", "runs", "Folder of all runs.")
    flags.DEFINE_integer("seed", 0, "Seed of the whole run.", lower_bound=0)
    flags.DEFINE_enum("device", "auto", ("auto", "cpu", "cuda"), "Where to compute.")
    flags.DEFINE_integer(
        "workers", None, "Processes side by side (default: one per core; 0: none)."
    )
    flags.DEFINE_string("team", None, "Use the team of this run; do not train one.")
    flags.DEFINE_boolean("dry_run", False, "Print the plan and stop.")
    define_flags(ExperimentConfig, ExperimentConfig(), skip=_OWN)


def _known_task(name: str) -> bool:
    try:
        require_known(name)
    except ValueError as error:
        raise flags.ValidationError(str(error)) from None
    return True


def request(kind: str | None = None) -> Request:
    """What the flags ask for.

    Args:
      kind: what the run is about, where that is not the whole story; it keeps runs
        apart whose names are not given.

    Raises:
      ValueError: a value that is not allowed.
    """
    device = choose_device(FLAGS.device)
    base = preset(FLAGS.task, FLAGS.budget, FLAGS.seed)
    config = from_flags(replace(base, device=device), skip=_OWN)
    name = [FLAGS.task, FLAGS.budget, str(FLAGS.seed)]
    if kind is not None:
        name.insert(0, kind)
    return Request(
        config,
        Path(FLAGS.runs_dir),
        FLAGS.run
        or "-".join(name).lower().replace(":", "-"),  # names of runs have no capitals
        choose_workers(FLAGS.workers, device, config.env),
        FLAGS.flags_into_string(),
        FLAGS.team,
    )


def begun() -> Request:
    """What a run that exists was begun with; only --workers is the command line's.

    Raises:
      StoreError: there is no run of that name.
    """
    runs_dir = Path(FLAGS.runs_dir)
    config = from_description(read_run(runs_dir, FLAGS.run).config)
    workers = choose_workers(FLAGS.workers, config.device, config.env)
    return Request(config, runs_dir, FLAGS.run, workers)


def settings() -> tuple[str, ...]:
    """The flags that say what is played and learned: the task's, and all its fields."""
    fields = (leaf.name for leaf in leaves(ExperimentConfig) if leaf.name not in _OWN)
    return ("task", "budget", "device", "team", *fields)


def refuse(names: Iterable[str], why: str, *, but_defaults: bool = False) -> None:
    """Refuses flags that were given and would be ignored.

    Args:
      names: of the flags.
      why: they have no effect: `beside --payoffs`.
      but_defaults: defaults may be given, as `--flagfile` gives them all.

    Raises:
      ValueError: one of them was given.
    """
    for name in names:
        flag = FLAGS[name]
        if flag.present and not (but_defaults and flag.value == flag.default):
            raise ValueError(f"--{name} has no effect {why}: leave it out")


def seeds(words: Sequence[str] | None) -> list[int]:
    """The seeds that `--seeds` lists, or `--seed` alone.

    Raises:
      ValueError: not a seed, or one twice.
    """
    if words is None:
        return [FLAGS.seed]
    refuse(["seed"], "beside --seeds", but_defaults=True)
    for word in words:
        if not word.isdecimal() or int(word) >= 2**31:
            raise ValueError(
                f"--seeds has {word!r}, allowed are whole numbers from 0 to 2^31 - 1"
            )
    found = [int(word) for word in words]
    if not found or len(set(found)) < len(found):
        raise ValueError(f"--seeds is {','.join(words)!r}, must name each seed once")
    return found
