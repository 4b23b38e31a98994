"""Draws the team's return or success while an attack or a filter trains."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes

from psro_comm.metagame.intervals import across_seeds
from psro_comm.reports.figures.style import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    PALETTE,
    PURPLE,
    add_legend,
    figure_files,
    new_figure,
)

_WINDOW = 0.04  # share of a training over which an older log is averaged
_GRID = 200  # points of a curve averaged over seeds
_ENOUGH_SEEDS = 3  # for a band of the interval


class Curves(NamedTuple):
    """The logs of one run's trainings, and the levels to compare them with.

    Attributes:
      attack: metrics of the attack on the team without a filter.
      filter_: metrics of the filter that is trained on this attack.
      fresh: metrics of the attack trained from scratch on that filter, frozen.
      clean: return of the team without attack and filter.
      clean_success: success of the team without attack and filter.
      threshold: return at which an attack stops training (the paper's), or None.
    """

    attack: Sequence[Mapping[str, Any]]
    filter_: Sequence[Mapping[str, Any]]
    fresh: Sequence[Mapping[str, Any]]
    clean: float
    clean_success: float
    threshold: float | None = None


def learning_curve(
    rows: Sequence[Mapping[str, Any]], quantity: str = "return"
) -> np.ndarray:
    """Returns environment steps and the team's return in a training, `[2, points]`.

    The points are of whole episodes in the same worlds, against the opponent alone, if
    the training played such tests. Logs of older trainings have none: theirs are of the
    episodes that ended in an update (none, where null), a filter's without attack
    among them, each the mean over a window of updates around it. Where the team does
    well, episodes end early: windows see more of those than were played.

    Args:
      rows: lines that the training logged.
      quantity: the quantity to show, `return` or `success`.
    """
    tests = _points(rows, f"test/{quantity}_mean")
    return tests if tests.size else _smoothed(_points(rows, f"team/{quantity}_mean"))


def _points(rows: Sequence[Mapping[str, Any]], key: str) -> np.ndarray:
    """Returns environment steps and a quantity where it was measured, `[2, points]`."""
    found = [(row["env_steps"], row[key]) for row in rows if row.get(key) is not None]
    return np.array(found, dtype=np.float64).reshape(-1, 2).T


def _smoothed(curve: np.ndarray) -> np.ndarray:
    """Returns a curve with each value the mean over a window around it."""
    steps, values = curve
    reach = max(1, round(_WINDOW * len(steps)))
    near = np.abs(np.subtract.outer(np.arange(len(steps)), np.arange(len(steps))))
    weights = np.where(near <= reach, 1.0, 0.0)
    if len(steps):
        values = weights @ values / weights.sum(axis=1)
    return np.stack([steps, values])


def _source(runs: Sequence[Curves]) -> str:
    """Returns what the points of some runs are means of, in words."""
    trainings = [rows for run in runs for rows in run[:3] if rows]
    tested = [any("test/return_mean" in row for row in rows) for rows in trainings]
    if all(tested):
        return "whole episodes, the same worlds at each point"
    return "episodes that ended in training, short ones first" + (
        " (some runs: whole episodes)" if any(tested) else ""
    )


def ended_episodes(curves: Curves) -> bool:
    """Returns whether any training of the run has a curve: older ones may have none."""
    trainings = (curves.attack, curves.filter_, curves.fresh)
    return any(learning_curve(rows).size > 0 for rows in trainings)


def plot_learning(runs: Sequence[Curves], path: Path, title: str = "") -> list[Path]:
    """Draws return against environment steps: attacked, defended, attacked anew.

    Each run has a thin line; three runs and more have a mean with its 95 % t interval.

    Args:
      runs: runs of one task, one for each seed.
      path: path of the files, without a suffix.
      title: title of the whole figure.

    Returns:
      The files written.

    Raises:
      ValueError: no run, or none that logged anything.

    Source: paper figures 4 and 6.
    """
    panels = {
        "attack": ("an attack trains,\non the team alone", ORANGE),
        "filter_": (
            "a filter,\non the frozen attack",
            BLUE,
        ),
        "fresh": ("a fresh attack,\non the frozen filter", PURPLE),
    }
    curves = {
        part: [learning_curve(getattr(run, part)) for run in runs] for part in panels
    }
    if not any(line.size for lines in curves.values() for line in lines):
        raise ValueError("no training to plot: the runs logged no returns")
    with new_figure(path, (9.0, 3.4)) as figure:
        axes = figure.subplots(1, 3, sharey=True)
        for ax, (part, (words, colour)) in zip(axes, panels.items(), strict=True):
            ax.set_title(words, color=BLACK)
            ax.set_xlabel("environment steps")
            _draw_curves(ax, [line for line in curves[part] if line.size], colour)
            _draw_levels(ax, runs)
        axes[0].set_ylabel("team return")
        axes[1].set_xlabel(f"environment steps\n{_source(runs)}")
        add_legend(figure, axes[0])
        figure.suptitle(title, fontsize=10.5)
    return figure_files(path)


def _draw_curves(ax: Axes, lines: Sequence[np.ndarray], colour: str) -> None:
    many = len(lines) >= _ENOUGH_SEEDS
    for steps, returns in lines:
        ax.plot(steps, returns, color=colour, lw=0.7 if many else 1.4, alpha=0.45)
        if not many:
            ax.lines[-1].set_alpha(1.0)
    if not lines:
        ax.text(0.5, 0.5, "not in this run", ha="center", transform=ax.transAxes)
        return
    ax.xaxis.set_major_formatter(lambda x, _: f"{x / 1000:g}k" if x else "0")
    if not many:
        return
    first, last = max(line[0, 0] for line in lines), min(line[0, -1] for line in lines)
    grid = np.linspace(first, last, _GRID)
    each = np.stack([np.interp(grid, *line) for line in lines])
    found = np.array([across_seeds(column) for column in each.T])  # [grid, 3]
    ax.plot(grid, found[:, 0], color=colour, lw=2.0)
    ax.fill_between(grid, found[:, 1], found[:, 2], color=colour, alpha=0.2, lw=0)


def _draw_levels(ax: Axes, runs: Sequence[Curves]) -> None:
    clean = float(np.mean([run.clean for run in runs]))
    ax.axhline(clean, color="red", lw=1.0, label="clean: no attack, no filter")
    thresholds = {run.threshold for run in runs if run.threshold is not None}
    for threshold in thresholds:
        ax.axhline(
            threshold,
            color=GREY,
            lw=1.0,
            ls="--",
            label="return at which an attack is frozen",
        )


def plot_malicious(
    groups: Mapping[int, Sequence[Curves]], path: Path, title: str = ""
) -> list[Path]:
    """Draws success in an attack's and a filter's training, by number of malicious.

    Args:
      groups: runs of one task by number of malicious agents; one run for each seed.
      path: path of the files, without a suffix.
      title: title of the whole figure.

    Returns:
      The files written.

    Raises:
      ValueError: no run logged any success.

    Source: paper figure 7.
    """
    panels = {
        "attack": "attacks train,\non the team alone",
        "filter_": "a filter,\non the frozen attacks",
    }
    curves = {
        (part, number): [learning_curve(getattr(r, part), "success") for r in runs]
        for part in panels
        for number, runs in groups.items()
    }
    if not any(line.size for lines in curves.values() for line in lines):
        raise ValueError("no training to plot: the runs logged no success")
    with new_figure(path, (7.0, 3.4)) as figure:
        axes = figure.subplots(1, 2, sharey=True)
        for ax, (part, words) in zip(axes, panels.items(), strict=True):
            ax.set_title(words, color=BLACK)
            ax.set_xlabel("environment steps")
            for colour, number in zip(PALETTE, groups, strict=False):
                _draw_curves(ax, [c for c in curves[part, number] if c.size], colour)
                ax.plot([], [], color=colour, label=f"{number} malicious")
            clean = [run.clean_success for runs in groups.values() for run in runs]
            ax.axhline(np.mean(clean), color="red", lw=1.0, label="clean")
            ax.yaxis.set_major_formatter(lambda y, _: f"{100 * y:g}")
        axes[0].set_ylabel("success, %")
        everyone = [run for runs in groups.values() for run in runs]
        figure.supxlabel(_source(everyone), fontsize=8.0)
        add_legend(figure, axes[0])
        figure.suptitle(title, fontsize=10.5)
    return figure_files(path)
