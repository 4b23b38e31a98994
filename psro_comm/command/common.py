"""Defines the flags that say where, how, by whom and with what a run is made.

Plugins are imported before flags are defined: what they register has flags, too.
"""

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from absl import flags

from psro_comm.lab.session import EXECUTORS
from psro_comm.settings.tasks import BUDGETS, TASKS, require_known

flags.disclaim_key_flags()  # our flags are the key flags of the binaries

FLAGS = flags.FLAGS


def define_common(*names: str) -> None:
    """Defines some of the flags that say where, how and by whom a run is made.

    Plugins are imported before: what they register has flags, and names in `--help`.
    """
    if "plugin" in names:
        try:
            _import_plugins(_named_plugins(sys.argv[1:]))
        except ValueError as error:
            sys.exit(f"error: {error}")
    for name in names:
        COMMON[name](name)


def _named_plugins(words: list[str]) -> list[str]:
    """Returns the values of `--plugin` on a command line, flag files included."""
    try:
        words = FLAGS.read_flags_from_files(words)
    except flags.Error:  # absl says so when it parses
        return []
    found = []
    for word, following in zip(words, [*words, ""][1:], strict=True):
        given = re.fullmatch(r"--?plugin(?:=(.*))?", word)
        if given:
            found.append(following if given[1] is None else given[1])
    return found


def _import_plugins(names: Iterable[str]) -> None:
    """Imports plugins; without any, what registers nothing is not imported either."""
    for name in names:
        from psro_comm.settings.plugins import load

        load(name)


def load_plugins() -> None:
    """Imports what `--plugin` names, unless that was done when flags were defined.

    Raises:
      ValueError: there is no such plugin, or it is not allowed.
    """
    _import_plugins(FLAGS.plugin or [])


def _define_task(name: str) -> None:
    listed = f"{', '.join(TASKS)}, smac:MAP (StarCraft II) or pettingzoo:MODULE"
    flags.DEFINE_string(name, "predator_prey_p05", f"Task that is played: {listed}.")
    flags.register_validator(name, _known_task)


def _known_task(name: str) -> bool:
    try:
        require_known(name)
    except ValueError as error:
        raise flags.ValidationError(str(error)) from None
    return True


_SIZES = "Size of the run: smoke (seconds), quick (minutes) or paper (hours)."
_WORKERS = "Processes side by side (default: one per core; 0: none)."
_EXECUTOR = "What runs them: local processes, ray (an extra) or inline, which is none."
_ADDRESS = "Address of a running Ray cluster, or auto (default: starts Ray here)."
_WANDB = (
    "Project of Weights & Biases that gets the metrics, too (an extra:"
    " requirements-wandb.txt); WANDB_MODE=offline needs no network."
)
_PLUGIN = "Module or .py file that registers attacks, filters, ...; may be repeated."
COMMON: dict[str, Callable[[str], object]] = {
    "plugin": lambda name: flags.DEFINE_multi_string(name, None, _PLUGIN),
    "task": _define_task,
    "budget": lambda name: flags.DEFINE_enum(name, "quick", list(BUDGETS), _SIZES),
    "run": lambda name: flags.DEFINE_string(
        name, None, "Name of the run; if it is made anew, task-budget-seed by default."
    ),
    "runs_dir": lambda name: flags.DEFINE_string(name, "runs", "Folder of all runs."),
    "seed": lambda name: flags.DEFINE_integer(name, 0, "Seed of the whole run.", 0),
    "device": lambda name: flags.DEFINE_enum(
        name, "auto", ("auto", "cpu", "cuda"), "Device that computes."
    ),
    "workers": lambda name: flags.DEFINE_integer(name, None, _WORKERS),
    "executor": lambda name: flags.DEFINE_enum(name, "local", EXECUTORS, _EXECUTOR),
    "ray.address": lambda name: flags.DEFINE_string(name, None, _ADDRESS),
    "wandb": lambda name: flags.DEFINE_string(name, None, _WANDB),
    "team": lambda name: flags.DEFINE_string(
        name, None, "Use the team of this run, or a plugin's; do not train one."
    ),
    "dry_run": lambda name: flags.DEFINE_boolean(
        name, False, "Print the plan and stop."
    ),
}


def folder_of_runs() -> Path:
    """Returns the folder that `--runs_dir` names, which need not exist.

    Raises:
      ValueError: it is named by nothing, or it is a file, or would lie in one.
    """
    given = str(flags.FLAGS.runs_dir)
    path = Path(given)
    files = [str(each) for each in (path, *path.parents) if each.is_file()]
    if not given or files:
        why = f", but {files[0]} is a file" if files else ""
        raise ValueError(f"--runs_dir is {given!r}, must name a folder{why}")
    return path
