"""Figures of a story: learning curves, payoffs, the worst case."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from psro_comm.metagame.intervals import Interval, across_seeds, mean_interval
from psro_comm.metagame.payoffs import PayoffTable
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
from psro_comm.reports.reading import worst_case

# Colour and marker of each defender: never by colour alone.
_LOOKS = ((BLUE, "s"), (GREEN, "^"), (VERMILLION, "o"), (BLACK, "D"))
_LABELS_PER_CELL = 12  # larger payoff tables get smaller figures in their cells


def plot_payoffs(table: PayoffTable, path: Path, title: str = "") -> list[Path]:
    """The payoff table as a heat map: mean, 95 % half-width and episodes of each cell.

    Args:
      table: filters against attacks; missing cells stay white.
      path: of the files, without a suffix.
      title: over the figure.

    Returns:
      The files written.

    Raises:
      ValueError: the table is empty.
    """
    mean, episodes = table.mean(), table.episodes()
    if not np.isfinite(mean).any():
        raise ValueError("no payoffs to plot: the table is empty")
    rows, columns = mean.shape
    middle = (np.nanmin(mean) + np.nanmax(mean)) / 2
    with new_figure(path, (2.2 + 1.0 * columns, 1.5 + 0.62 * rows)) as figure:
        ax = figure.subplots()
        image = ax.imshow(mean, cmap="cividis", aspect="auto")
        ax.set_xticks(range(columns), table.attackers, rotation=30, ha="right")
        ax.set_yticks(range(rows), table.defenders)
        ax.set_xlabel("attack")
        ax.set_ylabel("filter")
        ax.spines[:].set_visible(False)
        for i, j in np.argwhere(episodes > 0):
            found = mean_interval(table.returns[i, j])
            half = (found.high - found.low) / 2
            spread = f"±{half:.2f}" if np.isfinite(half) else "±?"
            ax.text(
                j,
                i,
                f"{found.estimate:.2f}\n{spread}\nn={episodes[i, j]}",
                ha="center",
                va="center",
                fontsize=7.0 if max(rows, columns) < _LABELS_PER_CELL else 4.5,
                color="white" if mean[i, j] < middle else "black",
            )
        figure.colorbar(image, ax=ax, label="team return")
        ax.set_title(title or "Payoff table of R-MACRL: the defender maximises")
    return figure_files(path)


def plot_worst_case(
    reports: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    path: Path,
    title: str = "",
) -> list[Path]:
    """Returns of each defender under each attacker, as dots with 95 % intervals.

    One report: intervals over worlds. Several: each run's estimate as a tick, and
    their mean with its t interval over runs.

    Args:
      reports: of one run, or of several with different seeds.
      path: of the files, without a suffix.
      title: over the figure.

    Returns:
      The files written.

    Raises:
      ValueError: a report has no columns of the worst case.
    """
    several = [reports] if isinstance(reports, Mapping) else list(reports)
    found = [worst_case(report) for report in several]
    if not found or not all(found):
        raise ValueError("no worst case to plot: a report has none")
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
