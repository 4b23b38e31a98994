"""Draws one step: scores in three conditions, messages as meant, sent and heard.

Source: paper, figure 10.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from psro_comm.names import BRANCHES, DEFENDED, UNDEFENDED, UNDISTURBED
from psro_comm.reports.episode import best
from psro_comm.reports.figures.style import (
    BLUE,
    GREEN,
    GREY,
    VERMILLION,
    figure_files,
    new_figure,
)

_TITLES = {
    UNDISTURBED: "no attack",
    UNDEFENDED: "attacked",
    DEFENDED: "attacked, behind the filter",
}
_KEY = "frame: best action\n(orange: another than clean)\n*: the one that was drawn"
_CELL, _MESSAGE = (0.62, 0.34), 1.5  # inches: a table's cell, a message's height


def plot_step(
    episode: Mapping[str, Any], number: int, path: Path, title: str = ""
) -> list[Path]:
    """Draws step `number`: a table per condition, then the forged messages.

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
    agents = [
        (k, agent)
        for k, agent in enumerate(episode["steps"][number]["agents"])
        if agent["alive"]
    ]
    forged = [(k, agent) for k, agent in agents if agent["forged"]]
    table = 0.8 + _CELL[1] * max(1, len(agents))
    size = (
        1.0 + 3 * _CELL[0] * (len(episode["actions"]) + 0.9),
        0.5 + table + _MESSAGE * len(forged),
    )
    with new_figure(path, size) as figure:
        figure.suptitle(title)
        ratios = [table, *[_MESSAGE] * len(forged)]
        grid = figure.add_gridspec(1 + len(forged), 3, height_ratios=ratios)
        for column, name in enumerate(BRANCHES):
            ax = figure.add_subplot(grid[0, column])
            _draw_scores(ax, agents, name, episode["actions"])
            ax.set_title(_TITLES[name])
        figure.text(0.005, 0.985, _KEY, fontsize=7.5, va="top")
        for row, (k, agent) in enumerate(forged, start=1):
            _draw_message(figure.add_subplot(grid[row, :]), k, agent)
    return figure_files(path)


def _draw_scores(
    ax: Axes, agents: list[tuple[int, Any]], condition: str, actions: list[str]
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
        chosen = agent["action"][condition]
        top = best(agent["scores"][condition])
        for column, score in enumerate(scores[row]):
            text = "-" if np.isnan(score) else f"{score:.2f}{'*' * (column == chosen)}"
            ax.text(column, row, text, ha="center", va="center", fontsize=7.5)
        changed = top != best(agent["scores"][UNDISTURBED])
        colour = VERMILLION if changed else GREEN
        corner = (top - 0.48, row - 0.46)
        ax.add_patch(Rectangle(corner, 0.96, 0.92, fill=False, ec=colour, lw=1.6))
    ax.set_xticks(range(len(actions)), actions, fontsize=7.5)
    names = [f"agent {k}{' (malicious)' * agent['forged']}" for k, agent in agents]
    ax.set_yticks(
        range(len(agents)), names if condition == UNDISTURBED else [""] * len(names)
    )
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)


def _draw_message(ax: Axes, number: int, agent: Mapping[str, Any]) -> None:
    """Draws the numbers of one message as it was meant, sent and heard."""
    where = np.arange(len(agent["meant"]))
    looks = (("meant", GREY, "o"), ("sent", VERMILLION, "x"), ("heard", BLUE, "+"))
    for name, colour, marker in looks:
        ax.plot(where, agent[name], marker, color=colour, label=name, markersize=4.5)
    seen = "flagged" if agent["flagged"] else "not flagged"
    ax.set_title(
        f"message of agent {number}: bent by {agent['bent']:.2f}, {seen}, then"
        f" {agent['heard_off']:.2f} from what was meant (in mean norms)"
    )
    ax.set_xlabel("number of the message")
    ax.axhline(0.0, color=GREY, linewidth=0.6)
    ax.margins(y=0.3)
    ax.legend(loc="upper right", ncols=3, fontsize=7.5, framealpha=0.8)
