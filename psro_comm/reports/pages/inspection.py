"""Writes an inspected episode as JSON, picture and page, for `inspect_messages`."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from psro_comm.disk.files import make_folder, read_bytes
from psro_comm.disk.store import RunStore
from psro_comm.metagame.intervals import Interval
from psro_comm.names import EVERYBODY, REPAIRS, TURNS
from psro_comm.reports.figures.inspection import plot_step
from psro_comm.reports.inspection import first_turned
from psro_comm.reports.pages.frame import Part
from psro_comm.reports.pages.replay import replay
from psro_comm.reports.pages.run import Page, known_gate, team_part, team_warnings
from psro_comm.reports.pages.story import messages_part
from psro_comm.reports.text import percent


def save_inspection(
    store: RunStore,
    found: Mapping[str, Any],
    follow: str,
    step: int | None,
    command: str,
) -> list[Path]:
    """Writes JSON, figure and page of an inspected episode into a run's folder.

    Args:
      store: the run.
      found: an episode, of `studies.inspection.tracks`.
      follow: condition whose track the picture shows.
      step: step that the picture shows; None is `first_turned`.
      command: the command that made it.

    Returns:
      The files: JSON, figure, page.

    Raises:
      ValueError: a step that the episode does not have.
    """
    track, world = found["tracks"][follow], found["world"]
    shown, why = first_turned(track) if step is None else (step, "as asked for")
    attack, filter_ = found["attack"], found["filter"]
    title = (
        f"{found['task']}, world {world}: attack “{attack}”, filter “{filter_}”;"
        f" played are the actions of “{follow}”"
    )
    who = hashlib.sha256(f"{attack}/{filter_}".encode()).hexdigest()[:6]
    name = f"inspection-{who}-{world}-{follow}"
    folder = store.root / "figures"
    make_folder(folder)
    drawn = plot_step(
        track, shown, folder / f"{name}-{shown}", f"{title}. Step {shown}: {why}"
    )
    kept = {key: value for key, value in found.items() if key not in ("tracks", "why")}
    store.save_json(name, {**kept, **track, "shown": {"step": shown, "why": why}})
    page = Page(
        f"Messages on {found['task']}: {attack} against {filter_}",
        verdict(found["statistic"]),
        [
            team_part(store),
            messages_part(found, "messages", read_bytes(drawn[0]).decode()),
            Part(
                f"The episode, from step {shown}: {why}", replay(found, shown, follow)
            ),
        ],
        team_warnings(known_gate(store)),
    )
    files = page.save(store.root, command, folder / f"{name}.html")
    return [store.root / f"{name}.json", *drawn, *files]


def verdict(statistic: Mapping[str, Any]) -> list[str]:
    """Returns how often the attack turns a best action, and the filter turns it back.

    Args:
      statistic: the result of `studies.inspection.turning.count_turned`.
    """
    found = statistic["agents"][EVERYBODY]
    if not found[TURNS]:
        return ["No benign agent decided anything: there is nothing to turn."]
    turned = (
        f"The attack turns {percent(Interval(**found[TURNS]))} % of"
        f" {found['decisions']} decisions of benign agents."
    )
    if not found[REPAIRS]:
        return [turned, "There is nothing for the filter to turn back."]
    back = percent(Interval(**found[REPAIRS]))
    return [turned, f"The filter turns back {back} % of those."]
