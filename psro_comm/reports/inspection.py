"""Writes an inspected episode as JSON, picture and page, for `inspect_messages`."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psro_comm.disk.files import make_folder, write_atomic
from psro_comm.metagame.intervals import Interval
from psro_comm.names import (
    EVERYBODY,
    REPAIRS,
    SPOILS,
    TURNS,
    UNDEFENDED,
    UNDISTURBED,
    WRONG,
)
from psro_comm.reports.figures.inspection import plot_step
from psro_comm.reports.inspection_page import render_replay
from psro_comm.reports.text import Section, percent

if TYPE_CHECKING:  # the lab loads torch
    from psro_comm.lab.lab import Lab

_SHARES = {
    TURNS: "turned, %",
    REPAIRS: "turned back, %",
    SPOILS: "spoiled, %",
    WRONG: "wrong behind filter, %",
}
_MEANING = (
    "Judged: each step of each living agent that is not malicious. turned: its best"
    " action is another under attack than clean, from the same state, memories and"
    " luck; turned back: of those, the clean one again behind the filter; spoiled: of"
    " the others, another behind the filter. Intervals: 95 %, between worlds."
)


def under_lens(
    lab: "Lab",
    attack: str,
    filter_: str,
    runs_dir: Path,
    *,
    world: int = 0,
    follow: str = UNDEFENDED,
    step: int | None = None,
) -> tuple[str, list[Path]]:
    """Inspects messages, and writes JSON, figure and page of it.

    Args:
      lab: the lab of the run that keeps the files.
      attack, filter_: names of the players.
      runs_dir: folder of all runs.
      world: number of the world that is shown; StarCraft II does not repeat worlds.
      follow: the condition whose actions are played.
      step: step that the picture shows; None is `first_turned`.

    Returns:
      What many worlds amount to, as text, and the files: JSON, figure, page.

    Raises:
      ValueError: an unknown player, or a step that the episode does not have.
    """
    from psro_comm.studies.inspection.inspection import (
        inspect_players,  # it loads torch
    )

    episode = inspect_players(
        lab, attack, filter_, runs_dir, world=world, follow=follow
    )
    shown, why = first_turned(episode) if step is None else (step, "as asked for")
    title = (
        f"{lab.config.task}, world {world}: attack “{attack}”, filter “{filter_}”;"
        f" played are the actions of “{follow}”"
    )
    who = hashlib.sha256(f"{attack}/{filter_}".encode()).hexdigest()[:6]
    name = f"inspection-{who}-{world}-{follow}"
    folder = lab.store.root / "figures"
    make_folder(folder)
    picture = plot_step(
        episode, shown, folder / f"{name}-{shown}", f"{title}. Step {shown}: {why}"
    )
    lab.store.save_json(name, {**episode, "shown": {"step": shown, "why": why}})
    page, statistic = folder / f"{name}.html", turning_section(episode["statistic"])
    write_atomic(page, render_replay(episode, title, statistic, shown, why).encode())
    return statistic.as_text(), [lab.store.root / f"{name}.json", *picture, page]


def first_turned(episode: Mapping[str, Any]) -> tuple[int, str]:
    """Returns the step to show, and why that: the first that the attack turns.

    It is the first at which a benign agent's best action is another under attack than
    clean; where there is none, the first at which anybody lives.
    """
    lived = 0
    for number, step in reversed([*enumerate(episode["steps"])]):
        lived = number if any(agent["alive"] for agent in step["agents"]) else lived
    for number, step in enumerate(episode["steps"]):
        for k, agent in enumerate(step["agents"]):
            benign = agent["alive"] and k not in episode["malicious"]
            if benign and agent["best"][UNDISTURBED] != agent["best"][UNDEFENDED]:
                return number, "the first at which the attack turns a best action"
    return lived, "the first, for the attack turns no best action"


def turning_section(statistic: Mapping[str, Any]) -> Section:
    """Returns how often best actions are turned, and turned back, as a table.

    Args:
      statistic: the result of `count_turned`.
    """
    rows = [
        (
            "all of them" if name == EVERYBODY else f"agent {name}",
            str(found["decisions"]),
            *(percent(Interval(**found[s])) if found[s] else "-" for s in _SHARES),
        )
        for name, found in statistic["agents"].items()
    ]
    notes = (
        f"{statistic['worlds']} worlds; the actions of “{statistic['follow']}” are"
        " played.",
        _MEANING,
    )
    head = ("benign agents", "decisions", *_SHARES.values())
    title = "How often messages turn best actions"
    return Section(title, (), head, rows, notes)
