"""Writes the report of a story: its verdict in words, then every number."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from absl import logging

from psro_comm.disk.files import make_folder, remove_temporaries, write_atomic
from psro_comm.disk.metrics import read_metrics
from psro_comm.disk.store import RunStore
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.report import Report
from psro_comm.names import ATTACKED, BROKEN, CLEAN, REPAIRED
from psro_comm.reports.figures.heat_map import plot_payoffs
from psro_comm.reports.figures.learning import Curves, ended_episodes, plot_learning
from psro_comm.reports.figures.story import plot_worst_case
from psro_comm.reports.pages.story import draw_page, story_page
from psro_comm.reports.pages.suite import pictures
from psro_comm.reports.sections import sections
from psro_comm.settings.tasks import stop_return


def render(report: Report) -> str:
    """Returns the whole report as plain text, at most 100 columns wide.

    Args:
      report: the result of `psro_comm.studies.story.Story.tell`.

    Raises:
      ValueError: a row that the verdict rests on is absent.
    """
    return "\n\n".join([_title(report), *(s.as_text() for s in sections(report))])


def render_markdown(report: Report, figures: Sequence[str] = ()) -> str:
    """Returns the whole report as Markdown, for `report.md`.

    Args:
      report: the report, as for `render`.
      figures: relative paths of the SVG files that exist; each is shown in the section
        whose figure has its name.
    """
    by_name = {Path(path).stem: path for path in figures}
    parts = [f"# {_title(report)}"]
    parts += [section.as_markdown(by_name) for section in sections(report)]
    return "\n\n".join(parts) + "\n"


def _title(report: Report) -> str:
    held = report.malicious
    agents = held if isinstance(held, str) else ", ".join(map(str, held))
    return f"R-MACRL on {report.task}, seed {report.seed} (malicious agents: {agents})"


def save_report(
    root: Path,
    report: Report,
    replays: Sequence[Mapping[str, Any]] = (),
    command: str = "",
) -> list[Path]:
    """Writes `report.txt`, `report.md`, `report.html` and figures into a run's folder.

    What the run lacks the data of is left out.

    Args:
      root: the run's folder.
      report: the report, as for `render`.
      replays: episodes that its page replays, as `Story` has them.
      command: the command that made the run.

    Returns:
      All files of the report.

    Raises:
      StoreError: a file of the run is damaged, or the disk refuses.
      ValueError: a row that the verdict rests on is absent.
    """
    text, markdown = root / "report.txt", root / "report.md"
    write_atomic(text, (render(report) + "\n").encode())
    store = RunStore.read(root)
    figures = _draw(store, report)
    shown = [f"{f.parent.name}/{f.name}" for f in figures if f.suffix == ".svg"]
    write_atomic(markdown, render_markdown(report, shown).encode())
    more = draw_page(root / "figures", report, replays)
    drawn = {file.stem: [file] for file in figures if file.suffix == ".svg"} | more
    page = story_page(store, report, replays, pictures(drawn)).save(root, command)
    files = [*figures, *(file for each in more.values() for file in each)]
    return [root / "report.json", text, markdown, *page, *files]


def _draw(store: RunStore, report: Report) -> list[Path]:
    folder = store.root / "figures"
    make_folder(folder)
    remove_temporaries(folder)
    files = []
    curves = learning_curves(store, report)
    if ended_episodes(curves):
        title = f"{report.task}, seed {report.seed}"
        files += plot_learning([curves], folder / "learning", title)
    elif any(curves[:3]):  # trainings shorter than an episode
        logging.warning("no figure of the learning: no episode ended in any training")
    iterations = report.rmacrl.iterations if report.rmacrl else 0
    if store.has(table := f"payoffs-{iterations:03d}"):
        played = PayoffTable.from_dict(store.load_json(table))
        files += plot_payoffs(played, folder / "payoffs")
    if report.crossed():
        files += plot_worst_case([report], folder / "worst_case")
    return files


def learning_curves(store: RunStore, report: Report) -> Curves:
    """Returns what the story's trainings logged: attack, filter, fresh attack.

    Raises:
      StoreError: a file of the run is damaged.
      ValueError: the report has no clean return.
    """
    rows = report.by_pair()
    if CLEAN not in rows:
        raise ValueError("report: no row of no-filter against no-attack")
    names = (ATTACKED[1], REPAIRED[0], BROKEN[1])
    attack, filter_, fresh = (
        read_metrics(store.root, _chosen(store, name)) for name in names
    )
    stop = store.config.get("attack", {}).get("stop_return")
    threshold = stop or stop_return(report.task)
    clean, won = rows[CLEAN].returns.estimate, rows[CLEAN].success.estimate
    return Curves(attack, filter_, fresh, clean, won, threshold)


def _chosen(store: RunStore, name: str) -> str:
    """Returns the training of the policy `name`: with restarts, the best of them."""
    if not store.has(selection := f"{name}.selection"):
        return name
    table = PayoffTable.from_dict(store.load_json(selection))
    best = int(np.argmin(table.mean()[0]))
    return table.attackers[best]
