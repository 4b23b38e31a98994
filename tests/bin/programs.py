"""Runs the binaries as a user does, on budgets of a second."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.paths import ROOT

_ATTACK = ("attack_kind", "attack", "attack_trainer", "attack_oracle")
_FILTER = ("filter_kind", "filter", "filter_trainer", "filter_oracle")
_NEW_ATTACK = (
    "attack_kind",
    "attack.hidden",
    "attack.mean_scale",
    "attack.noise_scale",
)
_NEW_FILTER = (
    *("filter_kind", "filter.hidden", "filter.critic_hidden"),
    *("filter.detector", "filter.reconstructor"),
)
READS = {  # settings that each program reads, beside those of the task and its team
    "quickstart": ("threat", *_ATTACK, *_FILTER, "psro", "evaluation"),
    "run_psro": ("threat", *_ATTACK, *_FILTER, "psro", "evaluation.num_envs"),
    "study_meta_solvers": ("threat", *_ATTACK, *_FILTER, "psro", "evaluation"),
    "train_team": (
        *("evaluation.episodes", "hardening.share", "hardening.rounds"),
        *("hardening.search_steps", "hardening.families"),
    ),
    "train_attack": ("threat", *_ATTACK, *_NEW_FILTER, "evaluation"),
    "train_filter": ("threat", *_NEW_ATTACK, *_FILTER, "evaluation"),
    "evaluate": ("threat", *_NEW_ATTACK, *_NEW_FILTER, "evaluation"),
    "worst_case": (
        *("threat", *_ATTACK, *_NEW_FILTER),
        *("psro.episodes", "evaluation"),
    ),
    "study_defence": (
        *("threat", "filter.hidden", "filter_oracle.env_steps", "evaluation"),
    ),
    "inspect_messages": ("threat", *_NEW_ATTACK, *_NEW_FILTER, "evaluation"),
}
_TEAM = ("env", "backbone", "learner", "training", "echo", "commnet", "smac")
_OTHERS = ("task", "budget", "workers")

TINY = (
    "--budget=smoke",
    "--training.env_steps=6144",
    "--training.checkpoint_every=2",
    "--attack_oracle.env_steps=2048",
    "--filter_oracle.env_steps=2048",
    "--psro.episodes=8",
    "--psro.check_episodes=8",
    "--evaluation.episodes=8",
    "--workers=0",
)
_PLAYERS = r"--(attacks?|filters?|against|initial_\w+)=(.+)"
_MADE = re.compile(r"none|untrained|mute|noise.*")


def fitting(program: str, given: Sequence[str], others: Sequence[str]) -> list[str]:
    """The settings in `given` that have an effect in a program beside `others`."""
    named = [m[2].split(",") for m in (re.fullmatch(_PLAYERS, f) for f in others) if m]
    lent = any(flag.startswith("--team=") for flag in others) or any(
        not _MADE.fullmatch(name) for names in named for name in names
    )
    known = (*_OTHERS, *READS[program], *_TEAM)
    if lent:
        known = tuple(name for name in known if name != "training")
    names = "|".join(map(re.escape, known))
    return [flag for flag in given if re.match(rf"--({names})[.=]", flag)]


def command(program: str, runs: Path, *flags: str) -> list[str]:
    """The command line of a tiny run on Echo; later flags win."""
    return [
        *(sys.executable, "-m", f"bin.{program}", "--task=echo"),
        f"--runs_dir={runs}",
        *fitting(program, TINY, flags),
        *flags,
    ]


def run(program: str, runs: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """Runs a binary to its end."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command(program, runs, *flags),
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=environment,
        timeout=240,
        check=False,
    )


# Imports a program once and gives each of its command lines a process of its own: what
# is wrong with a flag is known in no time, what torch costs to import is paid once.
_FORKED = """
import importlib, json, os, sys, tempfile, traceback
from psro_comm.command.shell import run_main
module = importlib.import_module("bin." + sys.argv[1])
for line in json.load(sys.stdin):
    with tempfile.TemporaryFile("w+") as said:
        if not (child := os.fork()):
            for number in (1, 2):
                os.dup2(said.fileno(), number)
            sys.argv = [sys.argv[1], *line]
            try:
                run_main(module.main)
            except SystemExit as stop:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(stop.code if isinstance(stop.code, int) else 1)
            except BaseException:
                traceback.print_exc()
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(99)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        said.seek(0)
        print(json.dumps([code, said.read()]), flush=True)
"""


def run_each(
    program: str, lines: list[list[str]], loaded: str = ""
) -> list[tuple[int, str]]:
    """Exit status and all that was said, of many command lines of one binary.

    `loaded` are modules that they share, as in `import a, b`.
    """
    done = subprocess.run(
        [sys.executable, "-c", f"{loaded}\n{_FORKED}", program],
        cwd=ROOT,
        input=json.dumps(lines),
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"},
        timeout=240,
        check=True,
    )
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def artefacts(run_folder: Path) -> dict[str, str]:
    """Checksums of what a run made; its resume points are not among that."""
    digests: dict[str, str] = {}

    def collect(tree: object) -> None:
        if isinstance(tree, dict):
            for key, value in tree.items():
                if isinstance(value, str) and len(value) == 64:
                    digests[key] = value
                else:
                    collect(value)

    collect(json.loads((run_folder / "manifest.json").read_text()))
    return {key: value for key, value in digests.items() if "checkpoint" not in key}
