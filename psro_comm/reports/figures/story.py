"""Draws the end of a story: what each defender keeps, and how well it detects."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from psro_comm.metagame.defence import FALSE_ALARMS
from psro_comm.metagame.intervals import Interval, across_seeds
from psro_comm.metagame.report import Report
from psro_comm.reports.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    VERMILLION,
    add_legend,
    figure_files,
    new_figure,
)

# Colour and marker of each defender, so that none is told by colour alone.
_LOOKS = ((BLUE, "s"), (GREEN, "^"), (VERMILLION, "o"), (BLACK, "D"))
_LINES = ("-", "--", ":")  # beside colours, for more curves than there are of these


def plot_worst_case(
    reports: Sequence[Report], path: Path, title: str = ""
) -> list[Path]:
    """Draws each defender's return under each attacker: dots with 95 % intervals.

    One report has intervals over worlds. Several have a tick for each run, and their
    mean with its t interval over runs.

    Args:
      reports: the report of one run, or those of several with different seeds.
      path: path of the files, without a suffix.
      title: title of the figure.

    Returns:
      The files written.

    Raises:
      ValueError: a report has no columns.
    """
    found = [
        {key: row.returns for key, row in report.crossed().items()}
        for report in reports
    ]
    if not found or not all(found):
        raise ValueError("nothing to plot: a report has no columns")
    against = list(dict.fromkeys(column for column, _ in found[0]))
    defenders = list(dict.fromkeys(defender for _, defender in found[0]))
    looks = dict(zip(defenders, _LOOKS, strict=False))
    with new_figure(path, (6.8, 0.9 + 0.62 * len(against))) as figure:
        ax = figure.subplots()
        for place, column in enumerate(against):
            for k, name in enumerate(defenders):
                cells = [cell[column, name] for cell in found if (column, name) in cell]
                y = place + 0.22 * (k - (len(defenders) - 1) / 2)
                _draw_dot(ax, cells, y, looks.get(name, (GREY, "x")), name)
        ax.set_yticks(range(len(against)), against)
        ax.set_ylim(len(against) - 0.45, -0.55)
        for edge in range(1, len(against)):
            ax.axhline(edge - 0.5, color="#DDDDDD", lw=0.8)
        ax.set_xlabel("team return, 95 % interval")
        ax.grid(axis="x", color="#EEEEEE")
        ax.set_axisbelow(True)
        add_legend(figure, ax)
        ax.set_title(title or "What each defender keeps under attack")
    return figure_files(path)


def _draw_dot(
    ax: Axes, cells: Sequence[Interval], y: float, look: tuple[str, str], label: str
) -> None:
    if not cells:
        return
    shown, (colour, marker) = cells[0], look
    if len(cells) > 1:
        shown = across_seeds([cell.estimate for cell in cells])
        each = [cell.estimate for cell in cells]
        ax.plot(each, [y] * len(each), "|", color=colour, ms=8.0, mew=1.2)
    ax.plot([shown.low, shown.high], [y, y], color=colour, lw=1.8)
    ax.plot(shown.estimate, y, marker, color=colour, ms=5.5, label=label)


def plot_detector(curves: Mapping[str, Sequence[float]], path: Path) -> list[Path]:
    """Draws the ROC curve of each filter that listens to an attacker.

    Args:
      curves: share of forged messages found at each of `FALSE_ALARMS`, by name.
      path: path of the files, without a suffix.

    Returns:
      The files written.

    Raises:
      ValueError: there is no curve.
    """
    if not curves:
        raise ValueError("no curves to plot: no attack forged a message")
    with new_figure(path, (5.6, 4.4)) as figure:
        ax = figure.subplots()
        ax.plot([0, 1], [0, 1], color="#BBBBBB", lw=0.9)
        for number, (name, found) in enumerate(curves.items()):
            colour, marker = _LOOKS[number % len(_LOOKS)]
            line = _LINES[number // len(_LOOKS) % len(_LINES)]
            look: Any = {"color": colour, "marker": marker, "ls": line, "label": name}
            ax.plot(FALSE_ALARMS, found, ms=4.0, lw=1.4, **look)
        ax.set_xlabel("share of honest messages suspected")
        ax.set_ylabel("share of forged messages suspected")
        ax.set_ylim(-0.02, 1.02)
        ax.grid(color="#EEEEEE")
        ax.set_axisbelow(True)
        add_legend(figure, ax, wrap=True)
    return figure_files(path)
