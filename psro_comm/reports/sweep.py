"""Writes what a sweep found: of stories tables and figures, of others their numbers.

Several seeds give Student's t interval over seeds; a single one gives its own number.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from psro_comm.disk.files import make_folder, write_atomic
from psro_comm.disk.store import RunStore
from psro_comm.metagame.intervals import across_seeds
from psro_comm.reports.results import write_results
from psro_comm.reports.seeds import by_variant, read_finished
from psro_comm.reports.text import markdown_table

_TOLD = ("report", "psro", "gate", "team-gate", "suite")  # artefacts that sum up a run
Group = tuple[str, str]


def write_sweep(
    program: str, groups: Mapping[Group, Sequence[Path]], out: Path, made_by: str
) -> list[Path]:
    """Writes the results of finished runs, and returns the files.

    Args:
      program: what was run.
      groups: folders of the runs of all seeds, by task and words for the setting.
      out: folder of the results; a sub-folder for each setting of a story.
      made_by: the command, which the text names.

    Raises:
      ValueError: a run that is not finished, or runs that cannot be compared.
    """
    if program != "quickstart":
        return [_write_numbers(groups, out, made_by)]
    settings: dict[str, list[Path]] = {}
    for (_, words), roots in groups.items():
        settings.setdefault(words, []).extend(roots)
    written = []
    for words, roots in settings.items():
        variants = by_variant([read_finished(root) for root in roots])
        folder = out / words.replace(", ", "-").replace("=", "-") if words else out
        written += write_results(variants, folder, made_by)
    return written


def _write_numbers(
    groups: Mapping[Group, Sequence[Path]], out: Path, made_by: str
) -> Path:
    sections = []
    for words, roots in groups.items():
        head = "seeds" if len(roots) > 1 else "seed"
        table = markdown_table(
            [
                (name, f"{values[0]:.4g}" if len(values) == 1 else _over(values))
                for name, values in shared([dict(_told(root)) for root in roots])
            ],
            ("quantity", f"mean over {len(roots)} {head} [95 %]"),
        )
        names = ", ".join(root.name for root in roots)
        sections += [f"## {', '.join(filter(None, words))}", f"Runs: {names}.", table]
    text = "\n\n".join([*sections, f"Made by `{made_by}`."])
    make_folder(out)
    path = out / "results.md"
    write_atomic(path, (text + "\n").encode())
    return path


def _over(values: Sequence[float]) -> str:
    return str(across_seeds(list(values)))


def shared(runs: Sequence[Mapping[str, float]]) -> Iterator[tuple[str, list[float]]]:
    """Yields each quantity that all runs have, with its values in their order."""
    for name in runs[0]:
        if all(name in run for run in runs):
            yield name, [run[name] for run in runs]


def _told(root: Path) -> Iterator[tuple[str, float]]:
    store = RunStore.read(root)
    for name in _TOLD:
        if store.has(name):
            yield from numbers(store.load_json(name), name)


def numbers(value: Any, name: str) -> Iterator[tuple[str, float]]:
    """Yields the numbers in JSON data by dotted name: intervals by their estimate.

    Of a list of objects, such as iterations, only the last counts.
    """
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return
    if isinstance(value, int | float):
        yield name, float(value)
    elif isinstance(value, dict):
        if {"estimate", "low", "high"} <= {*value}:
            yield name, float(value["estimate"])
            return
        for key, part in value.items():
            if not key.endswith("_mixture"):  # over policies that other seeds lack
                yield from numbers(part, f"{name}.{key}")
    elif value and isinstance(value[-1], dict):
        yield from numbers(value[-1], f"{name}.last")
