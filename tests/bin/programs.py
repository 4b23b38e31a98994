"""Runs the binaries as a user does, on budgets of a second."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

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


def command(program: str, runs: Path, *flags: str) -> list[str]:
    """The command line of a tiny run on Echo; later flags win."""
    return [
        *(sys.executable, "-m", f"bin.{program}", "--task=echo"),
        f"--runs_dir={runs}",
        *TINY,
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
