"""Draws a suite: what each defender keeps, and what each attack leaves of it."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from psro_comm.metagame.intervals import Interval
from psro_comm.metagame.suite import Suite
from psro_comm.reports.figures.heat_map import plot_returns
from psro_comm.reports.figures.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PRINT,
    VERMILLION,
    add_legend,
    figure_files,
    new_figure,
)
from psro_comm.reports.suite import columns_of

# Colour and marker of each condition, so that none is told by colour alone.
_LOOKS = {
    "clean": ("no attack", BLUE, "s"),
    "black_box": ("worst black box", ORANGE, "^"),
    "worst": ("worst found", VERMILLION, "o"),
}


def plot_kept(found: Suite, path: Path) -> list[Path]:
    """Draws what each defender keeps: dots with 95 % intervals, floor and reach.

    Args:
      found: the results.
      path: path of the files, without a suffix.

    Returns:
      The files written.
    """
    names = [each.label for each in found.kept]
    size = 7.2, 1.5 + 0.5 * len(names)
    with new_figure(path, size, PRINT) as figure:
        ax = figure.subplots()
        for key, (words, colour, marker) in _LOOKS.items():
            shift = 0.22 * ([*_LOOKS].index(key) - 1)
            for place, each in enumerate(found.kept):
                shown, y = getattr(each, key), place + shift
                ax.plot([shown.low, shown.high], [y, y], color=colour, lw=1.8)
                ax.plot(shown.estimate, y, marker, color=colour, ms=5.0, label=words)
        draw_levels(ax, found.floor, found.liar_muted, upright=True)
        ax.set_yticks(range(len(names)), names)
        ax.set_ylim(len(names) - 0.45, -0.55)
        for edge in range(1, len(names)):
            ax.axhline(edge - 0.5, color="#DDDDDD", lw=0.8)
        ax.set_xlabel("team return, 95 % interval")
        add_legend(figure, ax)
        ax.set_title(f"{found.task}, seed {found.seed}: what each defender keeps")
    return figure_files(path, PRINT)


def draw_levels(ax: Axes, floor: Interval, muted: Interval, *, upright: bool) -> None:
    """Draws the floor and the return with the liar muted, as lines."""
    draw = ax.axvline if upright else ax.axhline
    draw(floor.estimate, color=GREY, ls="--", lw=1.1, label="floor, all muted")
    draw(muted.estimate, color=GREEN, ls=":", lw=1.4, label="liar muted")


def plot_attacks(found: Suite, path: Path) -> list[Path]:
    """Draws the mean return that each attack leaves of each defender, as a heat map.

    Who cannot be hurt has no column.

    Args:
      found: the results.
      path: path of the files, without a suffix.

    Returns:
      The files written; none where nobody was attacked.
    """
    columns = {
        each.label: column
        for each, column in zip(found.kept, columns_of(found), strict=True)
        if column
    }
    if not columns:
        return []
    attacks = list(dict.fromkeys(name for left in columns.values() for name in left))
    mean = np.array([[c.get(a, np.nan) for c in columns.values()] for a in attacks])
    title = f"{found.task}, seed {found.seed}: what each attack leaves"
    return plot_returns(mean, attacks, list(columns), path, title)
