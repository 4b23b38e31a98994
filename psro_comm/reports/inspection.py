"""Writes an inspected episode as JSON, picture and page, for `inspect_messages`."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from psro_comm.disk.files import make_folder, write_atomic
from psro_comm.names import UNDISTURBED
from psro_comm.reports.episode import most_changed
from psro_comm.reports.figures.inspection import plot_step
from psro_comm.reports.inspection_page import render_replay

if TYPE_CHECKING:  # the lab loads torch
    from psro_comm.lab.lab import Lab


def under_lens(
    lab: "Lab",
    attack: str,
    filter_: str,
    runs_dir: Path,
    *,
    world: int = 0,
    follow: str = UNDISTURBED,
    step: int | None = None,
) -> list[Path]:
    """Inspects one episode, and writes JSON, figure and page of it.

    Args:
      lab: the lab of the run that keeps the files.
      attack, filter_: names of the players.
      runs_dir: folder of all runs.
      world: number of the world; StarCraft II does not repeat worlds.
      follow: the condition whose actions are played.
      step: step that the picture shows; None is where most best actions change.

    Returns:
      The files: JSON, figure, page.

    Raises:
      ValueError: an unknown player, or a step that the episode does not have.
    """
    from psro_comm.studies.inspection import inspect_players  # it loads torch

    episode = inspect_players(
        lab, attack, filter_, runs_dir, world=world, follow=follow
    )
    shown = most_changed(episode) if step is None else step
    title = f"{lab.config.task}, world {world}: {attack} against {filter_}"
    who = hashlib.sha256(f"{attack}/{filter_}".encode()).hexdigest()[:6]
    name = f"inspection-{who}-{world}-{follow}"
    folder = lab.store.root / "figures"
    make_folder(folder)
    picture = plot_step(
        episode, shown, folder / f"{name}-{shown}", f"{title}, step {shown}"
    )
    lab.store.save_json(name, episode)
    page = folder / f"{name}.html"
    write_atomic(page, render_replay(episode, title).encode())
    return [lab.store.root / f"{name}.json", *picture, page]
