"""Draws a defence: what it believes by step, ROC curves, and what its parts bring."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from psro_comm.metagame.defence import FALSE_ALARMS, Defence, Met
from psro_comm.reports.figures.style import (
    BLUE,
    PALETTE,
    PRINT,
    VERMILLION,
    add_legend,
    figure_files,
    new_figure,
)
from psro_comm.reports.figures.suite import draw_levels

_COLUMNS = 5
_LINES = ("-", "--", ":")  # beside colours, for more curves than there are of these
_LEAST = 5e-4  # where no false alarm at all stands on a logarithmic axis
_GROUPS = {  # panels of the ROC curves
    "yes": "learnt from",
    "alike": "alike what it has learnt from",
    "no": "never learnt from",
    "-": "whether it has learnt from them is not known",
}


def plot_beliefs(found: Defence, path: Path) -> list[Path]:
    """Draws the mean suspicion of liars and of others by step, a panel for each lie.

    Args:
      found: the results.
      path: path of the files, without a suffix.

    Returns:
      The files written.
    """
    place = found.places[0]
    rows = math.ceil(len(place.met) / _COLUMNS)
    with new_figure(path, (9.0, 1.0 + 1.45 * rows), PRINT) as figure:
        panels = figure.subplots(
            rows, _COLUMNS, sharex=True, sharey=True, squeeze=False
        ).flatten()
        for ax, each in zip(panels, place.met, strict=False):
            steps = range(len(each.honest))
            ax.plot(steps, _gaps(each.liar), color=VERMILLION, lw=1.6, label="may lie")
            ax.plot(steps, _gaps(each.honest), color=BLUE, ls="--", label="others")
            ax.set_title(each.attack if each.auroc is not None else "nobody lies")
            ax.set_ylim(-0.03, 1.03)
        for ax in panels[len(place.met) :]:
            ax.set_axis_off()
        for ax in panels[-_COLUMNS:]:
            ax.set_xlabel("step")
        for ax in panels[::_COLUMNS]:
            ax.set_ylabel("mean suspicion")
        add_legend(figure, panels[0])
        title = f"{found.task}, seed {found.seed}: what {found.filter_} believes"
        figure.suptitle(f"{title}; {place.name}", fontsize=10.0)
    return figure_files(path, PRINT)


def plot_roc(found: Defence, path: Path) -> list[Path]:
    """Draws a ROC curve for each lie, and a dot at the filter's own threshold.

    Args:
      found: the results.
      path: path of the files, without a suffix.

    Returns:
      The files written.
    """
    met = [each for each in found.places[0].met if each.roc]
    groups = {
        words: [each for each in met if each.seen == seen]
        for seen, words in _GROUPS.items()
    }
    groups = {words: members for words, members in groups.items() if members}
    with new_figure(path, (1.0 + 3.8 * max(1, len(groups)), 5.8), PRINT) as figure:
        panels = figure.subplots(1, max(1, len(groups)), sharey=True, squeeze=False)[0]
        for ax, (words, members) in zip(panels, groups.items(), strict=False):
            _draw_roc(ax, members)
            ax.set_title(words)
            ax.set_xlabel("share of honest messages suspected; left end: none")
        panels[0].set_ylabel("share of liars' messages suspected")
        title = f"{found.task}, seed {found.seed}: ROC of {found.filter_}"
        figure.suptitle(f"{title}; dots: at its threshold", fontsize=10.0)
    return figure_files(path, PRINT)


def plot_parts(found: Defence, path: Path) -> list[Path]:
    """Draws clean return and worst of the lies of each variant, with 95 % intervals.

    Args:
      found: the results.
      path: path of the files, without a suffix.

    Returns:
      The files written.
    """
    names = [each.name for each in found.variants]
    place = found.places[0]
    with new_figure(path, (7.2, 1.5 + 0.42 * len(names)), PRINT) as figure:
        ax = figure.subplots()
        for row, each in enumerate(found.variants):
            for shown, shift, look in (
                (each.clean, -0.12, (BLUE, "s", "no attack")),
                (each.worst, 0.12, (VERMILLION, "o", "worst of these lies")),
            ):
                colour, marker, words = look
                ax.plot(shown[1:], [row + shift] * 2, color=colour, lw=1.8)
                where = shown.estimate, row + shift
                ax.plot(*where, marker, color=colour, ms=5.0, label=words)
        draw_levels(ax, place.floor, place.muted, upright=True)
        ax.set_yticks(range(len(names)), names)
        ax.set_ylim(len(names) - 0.45, -0.55)
        ax.set_xlabel("team return, 95 % interval")
        add_legend(figure, ax)
        ax.set_title(f"{found.task}, seed {found.seed}: the filter without its parts")
    return figure_files(path, PRINT)


def _draw_roc(ax: Axes, members: Sequence[Met]) -> None:
    alarms = [max(each, _LEAST) for each in FALSE_ALARMS]
    for number, each in enumerate(members):
        colour = PALETTE[number % len(PALETTE)]
        line = _LINES[number // len(PALETTE) % len(_LINES)]
        name = f"{each.attack}, {each.auroc or 0.0:.3f}"
        ax.plot(alarms, each.roc, color=colour, ls=line, lw=1.4, label=name)
        if each.found is not None and each.alarms is not None:
            where = max(each.alarms, _LEAST), each.found
            filled = colour if line == _LINES[0] else "white"
            ax.plot(*where, "o", color=colour, ms=4.5, markerfacecolor=filled)
    ax.set_xscale("log")
    ax.set_ylim(-0.02, 1.02)
    ax.grid(color="#EEEEEE")
    ax.set_axisbelow(True)
    place: Any = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.12), "ncols": 2}
    ax.legend(**place, frameon=False, fontsize=7.5, title="lie, and its AUROC")


def _gaps(values: Sequence[float | None]) -> list[float]:
    return [math.nan if each is None else each for each in values]
