"""Which settings and flags a program reads while it runs.

python -m tests.bin.reading < lines.json > read.json

Takes a list of `[program, arguments]`, runs each in a process of its own, and prints of
each what it defines, what it read of that and how it ended. A setting counts as read
where the work reads it: not where settings are checked, copied, stored or shown. Which
setting an object holds is known by the object, or where others were made of its values
by its class, if the configuration has but one of it.
"""

import dataclasses
import importlib
import json
import os
import sys
import tempfile
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from absl import flags, logging

from psro_comm.settings.experiment import ExperimentConfig
from psro_comm.settings.fields import leaves

# Files in which a setting is only checked, copied, stored or shown.
CARRIERS = (
    *("dataclasses.py", "copy.py", "<string>", "engine/settings.py"),
    *("settings/fields.py", "settings/experiment.py", "settings/tasks/task.py"),
    "settings/psro.py",
    *("command/plan.py", "command/request.py", "command/flags.py"),
)

read: set[str] = set()  # of this process: settings and flags
places: dict[int, str] = {}  # where in the run's configuration an object lies
kept: list[Any] = []  # so that no other object gets its id


def parts(kind: Any, prefix: str = "") -> Iterator[tuple[type, str]]:
    """Yields every dataclass in a configuration, and what its fields begin with."""
    yield kind, prefix
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):
        own = field.metadata.get("own_name")
        for key, one in field.metadata.get("kinds", {}).items():
            yield from parts(one, f"{prefix}{field.name if own else key}.")
        if dataclasses.is_dataclass(hints[field.name]):
            yield from parts(hints[field.name], f"{prefix}{field.name}.")


def place(config: Any, prefix: str = "") -> None:
    """Notes where each part of a run's configuration lies."""
    places[id(config)] = prefix
    kept.append(config)
    for field in dataclasses.fields(config):
        value = object.__getattribute__(config, field.name)
        if dataclasses.is_dataclass(value):
            name = field.name
            if "kinds" in field.metadata and not field.metadata["own_name"]:
                name = object.__getattribute__(config, field.metadata["of"])
            place(value, f"{prefix}{name}.")


def watch_settings() -> None:
    """Notes each field that is read, of every class of settings."""
    prefixes: dict[type, list[str]] = {}
    for kind, prefix in parts(ExperimentConfig):
        prefixes.setdefault(kind, []).append(prefix)
    for kind, found in prefixes.items():
        alone = found[0] if len(found) == 1 else None
        names = {field.name for field in dataclasses.fields(kind)}
        kind.__getattribute__ = _noting(kind.__getattribute__, names, alone)  # type: ignore[assignment,method-assign]


def _noting(
    plain: Callable[[Any, str], Any], names: set[str], alone: str | None
) -> Callable[[Any, str], Any]:
    def noting(self: Any, name: str) -> Any:
        if name in names:
            code = sys._getframe(1).f_code
            carried = code.co_filename.endswith(CARRIERS) and code.co_name != "recipe"
            where = places.get(id(self), alone)
            if not carried and code.co_name != "__post_init__" and where is not None:
                read.add(f"{where}{name}")
        return plain(self, name)

    return noting


def watch_flags() -> None:
    """Notes each flag whose value is asked for, by its name."""
    for method in ("__getattr__", "__getitem__"):
        plain = getattr(flags.FlagValues, method)

        def noting(self: Any, name: str, plain: Callable = plain) -> Any:
            caller = sys._getframe(1).f_code
            absl = "/absl/" in caller.co_filename
            if not absl and caller.co_name not in ("refuse", "from_flags"):
                read.add(name)
            return plain(self, name)

        setattr(flags.FlagValues, method, noting)


def run(program: str, arguments: list[str]) -> tuple[int, str]:
    """Runs a program in this process: its exit status, and all that it said."""
    from psro_comm.command import request
    from psro_comm.command.shell import run_main

    plain = request.request

    def noted(*args: Any, **kwargs: Any) -> Any:
        asked = plain(*args, **kwargs)
        place(asked.config)
        return asked

    request.request = noted
    with tempfile.TemporaryFile("w+") as said:
        for number in (1, 2):  # the shell writes to them, whatever sys.stdout is
            os.dup2(said.fileno(), number)
        logging.get_absl_handler().python_handler.stream = said
        sys.argv = [program, *arguments]
        status: Any = 0
        try:
            words = "--" in arguments
            main = importlib.import_module(f"bin.{program}").main
            run_main(main, takes_words=words)
        except SystemExit as stop:
            status = stop.code
        sys.stdout.flush()
        sys.stderr.flush()
        said.seek(0)
        return status or 0, said.read()


def defined() -> list[str]:
    """The program's own flags."""
    found = flags.FLAGS.flags_by_module_dict().items()
    return [f.name for module, own in found if "absl" not in module for f in own]


def main() -> None:
    """Runs what stdin lists."""
    watch_settings()
    watch_flags()
    for name in ("psro_comm.studies.story", "psro_comm.reports.story"):
        importlib.import_module(name)  # once for all: torch, OpenSpiel, matplotlib
    settings = {leaf.name for leaf in leaves(ExperimentConfig)}
    for program, arguments in json.load(sys.stdin):
        with tempfile.TemporaryDirectory() as folder:
            answer = Path(folder) / "answer.json"
            if not (child := os.fork()):
                read.clear()
                status, said = run(program, arguments)
                result = {"status": status, "said": said, "defined": defined()}
                result["read"] = sorted(read & {*settings, *defined()})
                answer.write_text(json.dumps(result))
                os._exit(0)
            os.waitpid(child, 0)
            print(json.dumps([program, json.loads(answer.read_text())]), flush=True)


if __name__ == "__main__":
    main()
