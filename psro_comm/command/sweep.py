"""Plans a sweep: a program over tasks, seeds and settings, as runs of plain data."""

import itertools
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from psro_comm.disk.store import run_path
from psro_comm.lab.programs import ProgramRun
from psro_comm.lab.progress import format_duration

_PROGRAMS = Path(__file__).parents[2] / "bin"
_OWN = (  # flags of the program that a sweep gives
    *("task", "seed", "run", "runs_dir", "budget", "device", "workers", "executor"),
    *("ray.address", "dry_run", "flagfile"),
)
_FORESEEN = re.compile(r"about (\S+) and ([\d.]+) GB")
_SECONDS = {"h": 3600, "m": 60, "s": 1}

Setting = tuple[tuple[str, str], ...]  # names of flags and their values


class Sweep(NamedTuple):
    """A program, and over what it is run."""

    program: str
    tasks: tuple[str, ...]
    seeds: tuple[int, ...]
    settings: tuple[Setting, ...]  # one, empty, where nothing is set
    runs_dir: Path
    budget: str
    device: str
    name: str = ""  # what the names of its runs begin with
    flags: tuple[str, ...] = ()  # further flags of the program

    def run(self, task: str, setting: Setting, seed: int) -> ProgramRun:
        """Returns one run."""
        parts = [self.name] if self.name else []
        parts += [] if self.program == "quickstart" else [self.program]
        parts += [task.replace(":", "-"), self.budget, *_words(setting), str(seed)]
        name = "-".join(parts)
        root = run_path(self.runs_dir, name)
        flags = (
            *(f"--task={task}", f"--seed={seed}", f"--budget={self.budget}"),
            *(f"--device={self.device}", f"--run={name}"),
            *(f"--runs_dir={self.runs_dir.resolve()}", *self.flags),
            *(f"--{key}={value}" for key, value in setting),
        )
        module = f"bin.{self.program}"
        return ProgramRun(name, str(root.resolve()), module, flags)

    def command(self) -> str:
        """Returns the command line that makes these results, on any machine."""
        axes: dict[str, list[str]] = {}
        for key, value in itertools.chain.from_iterable(self.settings):
            if value not in axes.setdefault(key, []):
                axes[key].append(value)
        seeds = ",".join(map(str, self.seeds))
        words = [f"--tasks={','.join(self.tasks)}", f"--seeds={seeds}"]
        for key, values in axes.items():
            mark = ";" if any("," in value for value in values) else ","
            words.append(f"--set={key}={mark.join(values)}")
        words += [
            f"--budget={self.budget}",
            *([f"--name={self.name}"] * bool(self.name)),
        ]
        words += ["--", self.program, *self.flags]
        return f"python -m bin.sweep {shlex.join(words)}"

    def groups(self) -> dict[tuple[str, Setting], list[ProgramRun]]:
        """Returns the runs, one for each seed, by task and setting.

        Raises:
          ValueError: two runs have the same name.
        """
        found = {
            (task, setting): [self.run(task, setting, seed) for seed in self.seeds]
            for task, setting in itertools.product(self.tasks, self.settings)
        }
        names = [run.name for runs in found.values() for run in runs]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two runs would have the name {name!r}")
        return found


def _words(setting: Setting) -> Iterable[str]:
    """Yields a part of a run's name for each flag that is set."""
    for key, value in setting:
        yield re.sub(r"[^A-Za-z0-9_.]+", "_", f"{key.split('.')[-1]}_{value}")


def read_settings(lines: Sequence[str]) -> tuple[Setting, ...]:
    """Returns all combinations of what `--set` lists: `NAME=VALUE,VALUE`.

    Values that hold commas themselves are parted by `;`.

    Raises:
      ValueError: not of this form, or a name or a value twice.
    """
    axes: dict[str, list[str]] = {}
    for line in lines:
        name, equals, values = line.partition("=")
        listed = values.split(";" if ";" in values else ",")
        if not name or not equals or not all(listed) or len(set(listed)) < len(listed):
            raise ValueError(f"--set is {line!r}, must be NAME=VALUE,VALUE, none twice")
        if name in axes or name in _OWN:
            why = "is given twice" if name in axes else "has a flag of its own"
            raise ValueError(f"--set is {line!r}: {name} {why}")
        axes[name] = listed
    pairs = [[(name, value) for value in values] for name, values in axes.items()]
    return tuple(itertools.product(*pairs))


def read_program(
    words: Sequence[str], plugins: Sequence[str] = ()
) -> tuple[str, tuple[str, ...]]:
    """Returns the program and its own flags, of what stands behind `--`.

    Args:
      words: the program and its flags.
      plugins: of the sweep, which become flags of the program.

    Raises:
      ValueError: no program, or a flag that the sweep gives.
    """
    known = sorted(path.stem for path in _PROGRAMS.glob("[a-z]*.py"))
    known.remove("sweep")
    program, *given = words or [""]
    if program not in known:
        raise ValueError(
            f"the program behind -- is {program!r}, must be one of {', '.join(known)}"
        )
    for flag in given:
        name = flag.lstrip("-").partition("=")[0]
        if not flag.startswith("-") or name in _OWN:
            raise ValueError(
                f"{flag!r} behind -- must be a flag of {program} that the sweep does"
                " not give"
            )
    return program, (*(f"--plugin={each}" for each in plugins), *given)


def read_shard(text: str | None) -> tuple[int, int]:
    """Returns `K/N` as the numbers K, from 1, and N; `1/1` where None.

    Raises:
      ValueError: not of this form.
    """
    found = re.fullmatch(r"(\d+)/(\d+)", text or "1/1")
    shard, of = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= shard <= of:
        raise ValueError(f"--shard is {text!r}, must be K/N with K from 1 to N")
    return shard, of


def in_order(runs: Sequence[ProgramRun], shard: tuple[int, int]) -> list[ProgramRun]:
    """Returns all runs, those of this shard first: it helps with what others leave."""
    number, of = shard
    own = [run for k, run in enumerate(runs) if k % of == number - 1]
    return own + [run for run in runs if run not in own]


class Foreseen(NamedTuple):
    """What one run takes, by the plan of its program."""

    seconds: float  # on one core
    gigabytes: float


def foresee(groups: Mapping[tuple[str, Setting], Sequence[ProgramRun]]) -> list:
    """Returns a `Foreseen` of each group, by the dry run of its first seed.

    Raises:
      ValueError: what the program refuses, or a program that plans nothing.
    """
    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(_dry_run, (runs[0] for runs in groups.values())))


def _dry_run(run: ProgramRun) -> Foreseen:
    line = [sys.executable, "-m", run.module, *run.flags, "--workers=0", "--dry_run"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["it failed"]
        words = next((line for line in said if "rror" in line), said[-1])
        raise ValueError(f"{run.module}: {words.removeprefix('error: ')}")
    found = _FORESEEN.search(done.stdout.strip().splitlines()[-1])
    if found is None:
        raise ValueError(f"{run.module} --dry_run says nothing of its time")
    return Foreseen(seconds_of(found[1]), float(found[2]))


def seconds_of(duration: str) -> float:
    """Returns the seconds of `8s`, `1m05s` or `2h03m`: `format_duration` backwards."""
    parts = re.findall(r"(\d+)([hms])", duration)
    return float(sum(int(number) * _SECONDS[unit] for number, unit in parts))


def outline(
    sweep: Sweep,
    groups: Mapping[tuple[str, Setting], Sequence[ProgramRun]],
    foreseen: Sequence[Foreseen],
    side_by_side: int,
) -> str:
    """Returns the plan of a sweep in words, with its CPU-hours."""
    count = sum(len(runs) for runs in groups.values())
    ready = sum(run.is_finished() for runs in groups.values() for run in runs)
    lines = [
        f"sweep of {sweep.program}: {count} runs, {ready} finished, {side_by_side} side"
        f" by side, in {sweep.runs_dir}"
    ]
    left = 0.0
    for ((task, setting), runs), each in zip(groups.items(), foreseen, strict=True):
        todo = [run for run in runs if not run.is_finished()]
        left += len(todo) * each.seconds
        lines.append(
            f"  {', '.join(filter(None, (task, title(setting)))):<44}"
            f" {len(runs):>3} x about"
            f" {format_duration(each.seconds)} and {each.gigabytes:.1f} GB"
        )
    return "\n".join(
        [
            *lines,
            f"  left: about {left / 3600:.2f} CPU-hours,"
            f" {format_duration(left / side_by_side)} here",
        ]
    )


def title(setting: Setting) -> str:
    """Returns the words for what is set; empty for nothing."""
    return ", ".join(f"{key}={value}" for key, value in setting)
