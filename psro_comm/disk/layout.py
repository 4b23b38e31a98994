"""Where in a run's folder its artefacts lie, by name."""

import re
from pathlib import Path
from typing import Any

from psro_comm.disk.files import check_name

CHECKPOINTS = ("team-checkpoint-0.safetensors", "team-checkpoint-1.safetensors")
RESERVED = ("config", "env", "status", "manifest", "team", "wandb")
INPUTS = "inputs"
"""The artefact that says of what others were made: see `psro_comm.lab.inputs`."""
START = "start"
"""The artefact that names what R-MACRL began with: see `psro_comm.psro.given`."""

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


def accounted(store: Any) -> set[str]:
    """Returns the artefacts of which a run says what they were made of, or came from.

    Args:
      store: an open run.
    """
    noted = store.load_json(INPUTS) if store.has(INPUTS) else {}
    start = store.load_json(START) if store.has(START) else []
    pairs = [pair for side in start for pair in side]
    # Runs from before their names were kept hold digests alone.
    begun = [pair[0] for pair in pairs if not isinstance(pair, str)]
    return {"config", INPUTS, *noted, *begun}
