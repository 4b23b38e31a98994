"""Finds the payoff tables and iterations that a run has stored."""

from pathlib import Path
from typing import Any

from psro_comm.disk.files import decode_json, read_bytes


def last_table(run: Path) -> Path:
    """Returns the file with the payoff table of a run's last iteration.

    Raises:
      ValueError: the run has none.
    """
    found = sorted(run.glob("payoffs-*.json"))
    if not found:
        raise ValueError(f"{run} has no payoffs-*.json: not a run of run_psro")
    return found[-1]


def history(run: Path) -> list[dict[str, Any]]:
    """Returns the reports of a run's iterations, in order."""
    files = sorted(run.glob("iteration-*.json"))
    return [decode_json(read_bytes(file), file) for file in files]


def table_of(source: Path) -> Path:
    """Returns the file itself, or the last table of a run's folder.

    Raises:
      ValueError: as `last_table`.
    """
    return last_table(source) if source.is_dir() else source


def saved_as(path: Path, out: str | None) -> Path:
    """Returns the path of a table's analysis, without a suffix."""
    return (Path(out) if out else path.parent) / f"analysis-{path.stem}"
