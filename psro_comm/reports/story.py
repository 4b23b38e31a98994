"""The report of a story: its verdict first, in words, then every number behind it."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from psro_comm.disk.files import make_folder, remove_temporaries, write_atomic
from psro_comm.disk.metrics import read_metrics
from psro_comm.disk.store import RunStore
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.names import ATTACKED, BROKEN, CLEAN, VANILLA
from psro_comm.reports.figures.learning import Curves, plot_learning
from psro_comm.reports.figures.story import plot_payoffs, plot_worst_case
from psro_comm.reports.reading import need, returns, successes, worst_case
from psro_comm.reports.sections import Section, sections
from psro_comm.reports.text import columns, markdown_table
from psro_comm.settings.tasks import stop_return

_WIDTH = 98


def render(report: Mapping[str, Any]) -> str:
    """The whole report as plain text, at most 100 columns wide.

    Args:
      report: what `psro_comm.studies.story.Story.tell` returns; `rows`, `gate`, `task`
        and `seed` must be there.

    Raises:
      ValueError: a part is damaged, or one of these is absent.
    """
    return "\n\n".join([_title(report), *map(_as_text, sections(report))])


def render_markdown(report: Mapping[str, Any], figures: Sequence[str] = ()) -> str:
    """The same for `report.md`.

    Args:
      report: as for `render`.
      figures: relative paths of the SVG files that exist; each is shown in the section
        whose figure has its name.
    """
    by_name = {Path(path).stem: path for path in figures}
    parts = [f"# {_title(report)}"]
    parts += [_as_markdown(section, by_name) for section in sections(report)]
    return "\n\n".join(parts) + "\n"


def _title(report: Mapping[str, Any]) -> str:
    held = report.get("captured", "not said")
    agents = held if isinstance(held, str) else ", ".join(map(str, held))
    return (
        f"R-MACRL on {need(report, 'task')}, seed {need(report, 'seed')}"
        f" (malicious agents: {agents})"
    )


def _as_text(section: Section) -> str:
    lines = [section.title.upper()]
    for bullet in section.bullets:
        lines.append(
            textwrap.fill(
                bullet,
                _WIDTH,
                initial_indent="  * ",
                subsequent_indent="    ",
                break_on_hyphens=False,
            )
        )
    if section.rows:
        lines.append(columns(section.rows, section.head))
    lines += [
        textwrap.fill(note, _WIDTH, break_on_hyphens=False) for note in section.notes
    ]
    return "\n".join(lines)


def _as_markdown(section: Section, figures: Mapping[str, str]) -> str:
    parts = [f"## {section.title}"]
    if section.bullets:
        parts.append("\n".join(f"* {bullet}" for bullet in section.bullets))
    if section.rows:
        parts.append(markdown_table(section.rows, section.head))
    if section.figure in figures:
        parts.append(f"![{section.title}]({figures[section.figure]})")
    return "\n\n".join([*parts, *section.notes])


def save_report(root: Path, report: Mapping[str, Any]) -> list[Path]:
    """Writes `report.txt`, `report.md` and its figures into a run's folder.

    A figure whose data the run lacks is left out.

    Returns:
      All files of the report.

    Raises:
      StoreError: a file of the run is damaged, or the disk refuses.
      ValueError: the report is damaged.
    """
    text, markdown = root / "report.txt", root / "report.md"
    write_atomic(text, (render(report) + "\n").encode())
    figures = _draw(root, report)
    shown = [f"{f.parent.name}/{f.name}" for f in figures if f.suffix == ".svg"]
    write_atomic(markdown, render_markdown(report, shown).encode())
    return [root / "report.json", text, markdown, *figures]


def _draw(root: Path, report: Mapping[str, Any]) -> list[Path]:
    folder, store, task = root / "figures", RunStore.read(root), report["task"]
    make_folder(folder)
    remove_temporaries(folder)
    title = f"{task}, seed {report['seed']}"
    files = []
    curves = learning_curves(store, report)
    if any(curves[:3]):
        files += plot_learning([curves], folder / "learning", title)
    if store.has(table := f"payoffs-{_iterations(report):03d}"):
        played = PayoffTable.from_dict(store.load_json(table))
        files += plot_payoffs(played, folder / "payoffs")
    if worst_case(report):
        files += plot_worst_case(report, folder / "worst_case")
    return files


def _iterations(report: Mapping[str, Any]) -> int:
    return int(report.get("rmacrl", {}).get("iterations", 0))


def learning_curves(store: RunStore, report: Mapping[str, Any]) -> Curves:
    """What the trainings of the story logged: attack, filter, fresh attack.

    Raises:
      StoreError: a file of the run is damaged.
      ValueError: the report has no clean return.
    """
    found = returns(report)
    if CLEAN not in found:
        raise ValueError("report: no row of no-filter against no-attack")
    names = (ATTACKED[1], VANILLA, BROKEN[1])
    attack, filter_, fresh = (
        read_metrics(store.root, _chosen(store, name)) for name in names
    )
    stop = store.config.get("attack", {}).get("stop_return")
    threshold = stop or stop_return(need(report, "task"))
    clean, won = found[CLEAN].estimate, successes(report)[CLEAN] / 100.0
    return Curves(attack, filter_, fresh, clean, won, threshold)


def _chosen(store: RunStore, name: str) -> str:
    """The training that became the policy `name`: with restarts, the best of them."""
    if not store.has(selection := f"{name}.selection"):
        return name
    table = PayoffTable.from_dict(store.load_json(selection))
    best = int(np.argmin(table.mean()[0]))
    return table.attackers[best]
