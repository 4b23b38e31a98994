"""Draws one step: scores in three conditions, and the messages that are heard in each.

Source: paper, figure 10.
"""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from psro_comm.names import BRANCHES, DEFENDED, UNDEFENDED, UNDISTURBED
from psro_comm.reports.figures.style import (
    GREEN,
    VERMILLION,
    figure_files,
    new_figure,
)

_TITLES = {
    UNDISTURBED: "no attack",
    UNDEFENDED: "attacked",
    DEFENDED: "attacked, behind the filter",
}
_HEARD = {UNDISTURBED: "clean", UNDEFENDED: "attacked", DEFENDED: "repaired"}
_KEY = (
    "Above: frame: best action (orange: another than clean); *: the one that is taken."
    " Below: the numbers of the messages that are heard, the same colours for all."
)
_CELL, _HEARING = (0.62, 0.34), 1.15  # inches: a table's cell, what one agent hears
_NARROWEST, _LETTERS = 9.0, 13  # inches; letters to an inch of the title
_LISTENERS, _PRINTED = 6, 16  # at most: agents below the table, numbers written out


def plot_step(
    episode: Mapping[str, Any], number: int, path: Path, title: str = ""
) -> list[Path]:
    """Draws step `number`: a table per condition, then what benign agents hear.

    Of many listeners only some are drawn, those first whose best action is turned.

    Args:
      episode: the result of `inspect_episode`.
      number: number of the step, from 0.
      path: path of the files, without a suffix.
      title: title of the figure.

    Raises:
      ValueError: the episode has no such step.
    """
    if not 0 <= number < len(episode["steps"]):
        raise ValueError(f"step is {number}, must be 0 to {len(episode['steps']) - 1}")
    everybody = episode["steps"][number]["agents"]
    agents = [(k, agent) for k, agent in enumerate(everybody) if agent["alive"]]
    listeners = _listeners(agents, episode["malicious"])
    table = 0.8 + _CELL[1] * max(1, len(agents))
    wide = 1.0 + 3 * _CELL[0] * (len(episode["actions"]) + 0.9)
    size = max(_NARROWEST, wide), 0.9 + table + _HEARING * len(listeners)
    with new_figure(path, size) as figure:
        figure.suptitle(textwrap.fill(title, int(_LETTERS * size[0])))
        figure.supxlabel(_KEY, fontsize=7.5)
        ratios = [table, *[_HEARING] * len(listeners)]
        grid = figure.add_gridspec(1 + len(listeners), 3, height_ratios=ratios)
        for column, name in enumerate(BRANCHES):
            ax = figure.add_subplot(grid[0, column])
            _draw_scores(ax, agents, name, episode)
            ax.set_title(_TITLES[name])
        scale = max((_size(agent) for _, agent in agents), default=1.0)
        for row, (k, agent) in enumerate(listeners, start=1):
            _draw_heard(figure.add_subplot(grid[row, :]), k, agent, everybody, scale)
    return figure_files(path)


def _listeners(
    agents: Sequence[tuple[int, Any]], malicious: Sequence[int]
) -> list[tuple[int, Any]]:
    """Returns the agents whose hearing is drawn, in order of their numbers."""
    benign = [
        (k, agent) for k, agent in agents if k not in malicious and agent["hears"]
    ]

    def calm(numbered: tuple[int, Any]) -> bool:
        return len(set(numbered[1]["best"].values())) == 1

    return sorted(sorted(benign, key=calm)[:_LISTENERS], key=lambda pair: pair[0])


def _size(agent: Mapping[str, Any]) -> float:
    return max(map(abs, agent["message"][UNDISTURBED])) or 1.0


def _draw_scores(
    ax: Axes,
    agents: Sequence[tuple[int, Any]],
    condition: str,
    episode: Mapping[str, Any],
) -> None:
    """Draws a row an agent, a column an action; frames the best, stars the chosen."""
    if not agents:
        ax.axis("off")
        return
    scores = np.array(
        [
            [np.nan if s is None else s for s in agent["scores"][condition]]
            for _, agent in agents
        ],
        dtype=np.float64,
    )
    # Shades show the advantage over the row's worst, since rows differ in level.
    low = np.nanmin(scores, axis=1, keepdims=True)
    spread = np.nanmax(scores, axis=1, keepdims=True) - low
    ax.imshow(
        (scores - low) / np.where(spread > 0, spread, 1.0),
        cmap="Blues",
        vmin=0.0,
        vmax=1.6,
        aspect="auto",
    )
    for row, (_, agent) in enumerate(agents):
        chosen, top = agent["action"][condition], agent["best"][condition]
        for column, score in enumerate(scores[row]):
            text = "-" if np.isnan(score) else f"{score:.2f}{'*' * (column == chosen)}"
            ax.text(column, row, text, ha="center", va="center", fontsize=7.5)
        colour = VERMILLION if top != agent["best"][UNDISTURBED] else GREEN
        corner = (top - 0.48, row - 0.46)
        ax.add_patch(Rectangle(corner, 0.96, 0.92, fill=False, ec=colour, lw=1.6))
    actions, held = episode["actions"], episode["malicious"]
    ax.set_xticks(range(len(actions)), actions, fontsize=7.5)
    names = [f"agent {k}{' (malicious)' * (k in held)}" for k, _ in agents]
    ax.set_yticks(
        range(len(agents)), names if condition == UNDISTURBED else [""] * len(names)
    )
    _bare(ax)


def _draw_heard(
    ax: Axes,
    number: int,
    listener: Mapping[str, Any],
    agents: Sequence[Mapping[str, Any]],
    scale: float,
) -> None:
    """Draws what an agent hears: a row a condition, a block of columns a sender."""
    blocks, places, names, at = [], [], [], 0
    for sender, (first, last) in listener["hears"].items():
        said = agents[int(sender)]
        rows = [said["message"][name][first:last] for name in BRANCHES]
        gap = np.full((len(BRANCHES), 1), np.nan)
        blocks += [np.array(rows, dtype=np.float64), gap]
        places.append(at + (last - first - 1) / 2)
        names.append(f"from agent {sender}{_doings(said)}")
        at += last - first + 1
    numbers = np.concatenate(blocks[:-1], axis=1)
    ax.imshow(
        numbers,
        cmap="RdBu",
        vmin=-scale,
        vmax=scale,
        aspect="auto",
        interpolation="none",
    )
    if numbers.shape[1] <= _PRINTED:
        for (row, column), value in np.ndenumerate(numbers):
            if not np.isnan(value):
                dark = "white" if abs(value) > 0.7 * scale else "black"
                place: Any = {"ha": "center", "va": "center", "fontsize": 7.5}
                ax.text(column, row, f"{value:.2f}", color=dark, **place)
    ax.set_xticks(places, names, fontsize=7.5)
    ax.set_yticks(range(len(BRANCHES)), [_HEARD[name] for name in BRANCHES])
    ax.set_title(f"agent {number} hears", loc="left")
    _bare(ax)


def _doings(said: Mapping[str, Any]) -> str:
    """Returns what attack and filter did to a message, in brackets."""
    found = [f"bent by {said['bent']:.2f}"] if said["forged"] else []
    if said["flagged"]:
        found.append(f"flagged, then {said['heard_off']:.2f} off")
    return f" ({', '.join(found)})" if found else ""


def _bare(ax: Axes) -> None:
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
