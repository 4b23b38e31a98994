"""Where in a run's folder its artefacts lie, by name."""

import re
from pathlib import Path

from psro_comm.disk.files import check_name

CHECKPOINTS = ("team-checkpoint-0.safetensors", "team-checkpoint-1.safetensors")
RESERVED = ("config", "env", "status", "manifest", "team")
INPUTS = "inputs"
"""The artefact that says of what others were made: see `psro_comm.lab.inputs`."""

_ENDS = re.compile(r"\.(json|safetensors|nfg|nfg\.labels\.json)$")


def run_path(runs_dir: Path, run: str) -> Path:
    """Returns the folder of the run called `run`.

    Raises:
      StoreError: a name that could leave `runs_dir`.
    """
    return runs_dir / check_name(run)


def artefact_of(file: str) -> str:
    """Returns the name of the artefact that a file holds."""
    return _ENDS.sub("", Path(file).name)


def candidates(name: str) -> tuple[str, ...]:
    """Returns the files that may hold the artefact `name`."""
    if name == "team":
        return ("team.safetensors",)
    return (f"policies/{check_name(name)}.safetensors", f"{name}.json")
