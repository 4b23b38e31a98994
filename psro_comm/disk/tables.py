"""Finds the payoff tables and iterations that a run has stored."""

import fnmatch
import re
from pathlib import Path
from typing import Any

from psro_comm.disk.files import decode_json
from psro_comm.disk.manifest import Manifest


def last_table(run: Path) -> Path:
    """Returns the file with the payoff table of a run's last iteration.

    It is the last that the manifest lists, unchanged: an older one would be an answer
    to another question.

    Raises:
      ValueError: the run lists none.
      StoreError: it was deleted or changed.
    """
    manifest = Manifest(run)
    found = _listed(manifest, "payoffs-*.json")
    if not found:
        raise ValueError(f"{run} has no payoffs-*.json: not a run of run_psro")
    manifest.read(found[-1])
    return run / found[-1]


def history(run: Path) -> list[dict[str, Any]]:
    """Returns the reports of a run's iterations, in order.

    Raises:
      StoreError: one was deleted or changed.
    """
    manifest = Manifest(run)
    files = _listed(manifest, "iteration-*.json")
    return [decode_json(manifest.read(file), run / file) for file in files]


def _listed(manifest: Manifest, pattern: str) -> list[str]:
    return [file for file in manifest.files() if fnmatch.fnmatchcase(file, pattern)]


def table_of(source: Path) -> Path:
    """Returns the file itself, or the last table of a run's folder.

    Raises:
      ValueError, StoreError: as `last_table`.
    """
    return last_table(source) if source.is_dir() else source


def saved_as(path: Path, out: str | None) -> Path:
    """Returns the path of a table's analysis, without a suffix.

    Of what is no file, such as `openspiel:blotto(players=3)`, only letters, digits, _
    and - are kept.
    """
    name = path.stem if path.exists() else re.sub(r"[^\w-]+", "-", path.name).strip("-")
    return (Path(out) if out else path.parent) / f"analysis-{name}"
