"""Finds the payoff tables and iterations that a run has stored.

What lies in a run's folder is read through its manifest: an edited or deleted table is
refused, one that was never finished does not exist.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from psro_comm.disk.access import StoreError, exists
from psro_comm.disk.files import decode_json, read_bytes
from psro_comm.disk.manifest import Manifest


def last_table(run: Path) -> Path:
    """Returns the file with the payoff table of a run's last iteration.

    Raises:
      ValueError: the run has none, or its manifest is damaged.
    """
    found = _listed(run, "payoffs")
    if not found:
        raise StoreError(f"{run} has no payoffs-*.json: not a run of run_psro")
    Manifest(run).read(found[-1])  # an edited or deleted one is refused
    return run / found[-1]


def history(run: Path) -> list[dict[str, Any]]:
    """Returns the reports of a run's iterations, in order.

    Raises:
      StoreError: one is damaged or missing.
    """
    manifest = Manifest(run)
    files = _listed(run, "iteration")
    return [decode_json(manifest.read(file), run / file) for file in files]


def table_of(source: Path) -> Path:
    """Returns the file itself, or the last table of a run's folder.

    Raises:
      ValueError: as `last_table`.
    """
    return last_table(source) if source.is_dir() else source


def read_verified(path: Path) -> bytes:
    """Returns the content of a file; of a run's file, only as the run wrote it.

    Raises:
      StoreError: it is missing or unreadable, or it is not what the manifest beside it
        says.
    """
    # Others have manifests, too: a folder with a lock beside it is a run's.
    if all(exists(path.parent / name) for name in ("manifest.json", "lock")):
        manifest = Manifest(path.parent)
        if path.name in manifest:
            return manifest.read(path.name)
    return read_bytes(path)


def saved_as(path: Path, out: str | None) -> Path:
    """Returns the path of a table's analysis, without a suffix.

    Of what is no file, such as `openspiel:blotto(players=3)`, only letters, digits, _
    and - are kept.
    """
    name = path.stem if path.exists() else re.sub(r"[^\w-]+", "-", path.name).strip("-")
    return (Path(out) if out else path.parent) / f"analysis-{name}"


def _listed(run: Path, start: str) -> Sequence[str]:
    """Returns the finished files of whole iterations, such as `payoffs-003.json`."""
    named = re.compile(rf"{start}-[0-9]+\.json")
    return [file for file in Manifest(run).files() if named.fullmatch(file)]
