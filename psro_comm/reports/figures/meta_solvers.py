"""Draws a study of meta-solvers: exploitability, and fresh attacks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from psro_comm.metagame.intervals import across_seeds
from psro_comm.reports.figures.style import (
    MARKERS,
    PALETTE,
    figure_files,
    new_figure,
)


def plot_study(result: Mapping[str, Any], path: Path, title: str = "") -> list[Path]:
    """Draws exploitability over the budget, and the returns under a fresh attack.

    Args:
      result: the result of `studies.meta_solvers.study`.
      path: path of the files, without a suffix.
      title: title of the figure.
    """
    solvers = result["solvers"]
    with new_figure(path, (10.5, 3.6)) as figure:
        own, population, worst = figure.subplots(1, 3)
        population.sharey(own)
        steps = np.arange(1, result["iterations"] + 1) * result["env_steps"]
        steps = steps / result["iterations"] / 1e6
        for ax, key, words in (
            (own, "nash_conv", "of the solver's own mixtures"),
            (population, "population_nash_conv", "of its population's Nash"),
        ):
            for k, name in enumerate(solvers):
                runs = [
                    [step[key] for step in row["steps"]]
                    for row in result["rows"]
                    if row["solver"] == name
                ]
                _draw_runs(ax, steps, runs, k, name)
            ax.set_title(f"NashConv {words}")
            ax.set_xlabel("training, million environment steps")
        own.set_ylabel("NashConv, a lower bound")
        own.set_ylim(0.0, 1.05 * own.get_ylim()[1])
        _draw_worst(worst, result["rows"], solvers)
        figure.legend(
            *own.get_legend_handles_labels(),
            loc="outside lower center",
            ncols=len(solvers),
            frameon=False,
        )
        figure.suptitle(title, fontsize=10.5)
    return figure_files(path)


def _draw_runs(
    ax: Axes, steps: np.ndarray, runs: Sequence[Sequence[float]], k: int, name: str
) -> None:
    """Draws the mean over seeds, and a thin line for each seed."""
    colour = PALETTE[k % len(PALETTE)]
    for run in runs:
        ax.plot(steps, run, color=colour, linewidth=0.6, alpha=0.5)
    marker = MARKERS[k % len(MARKERS)]
    mean = np.mean(runs, axis=0)
    ax.plot(steps, mean, color=colour, marker=marker, markersize=5, label=name)


def _draw_worst(
    ax: Axes, rows: Sequence[Mapping[str, Any]], solvers: Sequence[str]
) -> None:
    """Draws returns under a fresh attack: a tick a seed, the mean and its t interval.

    Hollow marks below show the same under the worst attack that any run has found.
    """
    known = "worst_known" in rows[0]
    for k, name in enumerate(solvers):
        found = [r["fresh"]["estimate"] for r in rows if r["solver"] == name]
        colour, place = PALETTE[k % len(PALETTE)], len(solvers) - 1 - k
        mean = across_seeds(found)
        ax.plot(found, [place] * len(found), "|", color=colour, markersize=9)
        if np.isfinite(mean.low):
            ax.plot([mean.low, mean.high], [place] * 2, color=colour, linewidth=1.6)
        marker = MARKERS[k % len(MARKERS)]
        ax.plot(mean.estimate, place, marker, color=colour, markersize=6)
        if known:
            least = [r["worst_known"]["estimate"] for r in rows if r["solver"] == name]
            (hollow,) = ax.plot(np.mean(least), place - 0.28, marker, color=colour)
            hollow.set_markerfacecolor("white")
            hollow.set_markersize(5)
    ax.set_yticks(range(len(solvers)), list(solvers)[::-1])
    title = "return: fresh attack; hollow: worst known"
    ax.set_title(title if known else "return under a fresh attack")
    ax.set_xlabel("team return")
    ax.grid(axis="x", color="#e5e5e5")
    ax.set_axisbelow(True)
