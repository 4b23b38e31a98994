"""Draws what defenders keep as an attacker may do more."""

import math
from pathlib import Path

from matplotlib.axes import Axes

from psro_comm.metagame.curves import Curve
from psro_comm.metagame.suite import Suite
from psro_comm.reports.curves import AXIS, along, by_axis
from psro_comm.reports.figures.style import (
    MARKERS,
    PALETTE,
    PRINT,
    add_legend,
    figure_files,
    new_figure,
)
from psro_comm.reports.figures.suite import draw_levels

_APART = 0.008  # of an axis: intervals beside each other are told apart


def plot_curves(found: Suite, path: Path) -> list[Path]:
    """Draws a panel for each budget of the attacker, a line for each defender.

    Args:
      found: the results.
      path: path of the files, without a suffix.

    Returns:
      The files written.

    Raises:
      ValueError: it has no curves.
    """
    if not found.curves:
        raise ValueError("no curves to plot: none were asked for")
    groups = by_axis(found)
    with new_figure(path, (1.8 + 3.4 * len(groups), 4.4), PRINT) as figure:
        panels = figure.subplots(1, len(groups), sharey=True, squeeze=False)[0]
        for ax, (axis, curves) in zip(panels, groups.items(), strict=True):
            for number, curve in enumerate(curves):
                _draw(ax, curve, number, len(curves))
            draw_levels(ax, found.floor, found.liar_muted, upright=False)
            where = _places(curves[0])
            ax.set_xticks(where, along(curves[0]))
            ax.set_xlabel(AXIS[axis])
            ax.grid(axis="y", color="#EEEEEE")
            ax.set_axisbelow(True)
            if axis == "cap":  # what follows has no place on its scale
                ax.axvline(where[-1] - 0.5, color="#BBBBBB", lw=0.8)
        panels[0].set_ylabel("team return, worst found")
        add_legend(figure, panels[0], wrap=True)
        title = f"{found.task}, seed {found.seed}: kept, by the attacker's budget"
        figure.suptitle(title, fontsize=10.0)
    return figure_files(path, PRINT)


def _draw(ax: Axes, curve: Curve, number: int, count: int) -> None:
    """Draws one curve, a little aside of the others."""
    where, colour = _places(curve), PALETTE[number % len(PALETTE)]
    aside = _APART * (where[-1] - where[0]) * (number - (count - 1) / 2)
    where = [place + aside for place in where]
    for place, point in zip(where, curve.points, strict=True):
        ax.plot([place, place], point.returns[1:], color=colour, lw=1.2, alpha=0.7)
    shown = [point.returns.estimate for point in curve.points]
    marker, name = MARKERS[number % len(MARKERS)], curve.defender
    ax.plot(where, shown, color=colour, marker=marker, ms=4.5, lw=1.3, label=name)


def _places(curve: Curve) -> list[float]:
    """Returns where the budgets stand; a cap's by their logarithm, none as one more."""
    asked = [point.budget for point in curve.points]
    if curve.axis != "cap":
        return [float(budget or 0.0) for budget in asked]
    known = [math.log2(budget) for budget in asked if budget is not None]
    return known + [known[-1] + 1.0] * (len(asked) - len(known))
