"""Draws the figure of a run over its iterations."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from psro_comm.metagame.iteration import Iteration
from psro_comm.reports.figures.style import (
    BLACK,
    BLUE,
    GREY,
    PALETTE,
    PRINT,
    VERMILLION,
    figure_files,
    new_figure,
)
from psro_comm.reports.text import Sides, printable

_HATCHES = ("", "//", "..", "xx", "--")


def plot_iterations(
    history: Sequence[Iteration],
    path: Path,
    sides: Sides = Sides(),  # noqa: B008
) -> list[Path]:
    """Draws a run over its iterations: both mixtures, value, new attack, NashConv.

    Args:
      history: the run's iterations, in order.
      path: path of the files, without a suffix.
      sides: what both players are called.

    Returns:
      The files written.

    Raises:
      ValueError: no iteration.
    """
    if not history:
        raise ValueError("no iteration to plot")
    with new_figure(path, (7.2, 5.4), PRINT, fine=True) as figure:
        (left, right), (below, last) = figure.subplots(2, 2, sharex=True)
        both = zip((left, right), ("defender", "attacker"), sides, strict=True)
        for ax, side, name in both:
            _stack(ax, [step.mixture(side) for step in history])
            ax.set_title(f"{printable(name)}'s mixture")
            ax.set_ylabel("weight")
        _draw_value(below, history)
        _draw_nash_conv(last, history)
        for ax in (below, last):
            ax.set_xlabel("iteration")
            ax.set_xticks([step.iteration for step in history])
    return figure_files(path, PRINT)


def _stack(ax: Axes, mixtures: Sequence[Mapping[str, float]]) -> None:
    bottom = np.zeros(len(mixtures))
    names = [n for n in mixtures[-1] if max(m.get(n, 0.0) for m in mixtures) > 5e-3]
    for k, name in enumerate(names):
        weights = np.array([mixture.get(name, 0.0) for mixture in mixtures])
        ax.bar(
            np.arange(1, len(mixtures) + 1),
            weights,
            bottom=bottom,
            width=0.7,
            color=PALETTE[k % len(PALETTE)],
            hatch=_HATCHES[k // len(PALETTE) % len(_HATCHES)],
            edgecolor="white",
            label=name,
        )
        bottom += weights
    ax.legend(frameon=False, fontsize=6.5, loc="lower left", bbox_to_anchor=(1.0, 0.0))


def _draw_value(ax: Axes, history: Sequence[Iteration]) -> None:
    steps = [step.iteration for step in history]
    found = np.array([step.value for step in history])  # [steps, 3]
    ax.fill_between(steps, found[:, 1], found[:, 2], color=BLUE, alpha=0.2, lw=0)
    ax.plot(steps, found[:, 0], "o-", color=BLUE, label="value of the table, 95 %")
    # The gain was measured on the mixture before, which keeps the value of the table
    # before, less the gain.
    before = np.concatenate([[np.nan], found[:-1, 0]])
    worst = before - _gains(history, "attacker")[:, 0]
    ax.plot(steps, worst, "v--", color=VERMILLION, label="mixture before, new attack")
    ax.legend(frameon=False, fontsize=7.0)
    ax.set_title("value, and under the new attack")
    ax.set_ylabel("team return")


def _draw_nash_conv(ax: Axes, history: Sequence[Iteration]) -> None:
    steps = [step.iteration for step in history]
    both = [_gains(history, side) for side in ("attacker", "defender")]
    total = np.maximum(both[0], 0)[:, 0] + np.maximum(both[1], 0)[:, 0]
    half = np.sqrt(sum((gain[:, 2] - gain[:, 1]) ** 2 for gain in both)) / 2
    ax.errorbar(steps, total, yerr=half, fmt="o-", color=BLACK, capsize=2)
    ax.axhline(0.0, color=GREY, lw=0.8)
    ax.set_title("NashConv, learned lower bound, 95 %")
    ax.set_ylabel("both oracles' gains")


def _gains(history: Sequence[Iteration], side: str) -> np.ndarray:
    return np.array([step.gain(side) for step in history])  # [steps, 3]
