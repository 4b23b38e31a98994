"""Figures of a meta-game: the table as a heat map, and a run over its iterations."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from psro_comm.metagame.intervals import NORMAL
from psro_comm.metagame.meta_game import MetaGame
from psro_comm.reports.figures.style import (
    BLACK,
    BLUE,
    GREY,
    PALETTE,
    VERMILLION,
    figure_files,
    new_figure,
)

_SMALL, _LEGIBLE = 12, 40  # larger tables get the mean alone, then colours alone
_HATCHES = ("", "//", "..", "xx", "--")


def plot_meta_game(game: MetaGame, path: Path) -> list[Path]:
    """Heat map with mean, half-width of its 95 % interval and episodes in each cell.

    Cells of a large table hold the mean alone, of a huge one nothing.

    Returns:
      The files written.
    """
    rows, columns = game.mean.shape
    small = max(rows, columns) < _SMALL
    inches = (0.9, 0.62) if small else (0.42, 0.26)
    middle = (game.mean.min() + game.mean.max()) / 2
    size = (2.2 + inches[0] * columns, 1.5 + inches[1] * rows)
    with new_figure(path, size) as figure:
        ax = figure.subplots()
        image = ax.imshow(game.mean, cmap="cividis", aspect="auto")
        ax.set_xticks(range(columns), game.attackers, rotation=30, ha="right")
        ax.set_yticks(range(rows), game.defenders)
        ax.set_xlabel("attacker, minimises")
        ax.set_ylabel("defender, maximises")
        ax.spines[:].set_visible(False)
        for i, j in np.ndindex(rows, columns):
            if max(rows, columns) > _LEGIBLE:
                break
            ax.text(
                j,
                i,
                _cell(game, i, j) if small else f"{game.mean[i, j]:.3g}",
                ha="center",
                va="center",
                fontsize=7.0 if small else 5.5,
                color="white" if game.mean[i, j] < middle else "black",
            )
        figure.colorbar(image, ax=ax, label="payoff to the defender")
        ax.set_title(game.title)
    return figure_files(path)


def _cell(game: MetaGame, i: int, j: int) -> str:
    lines = [f"{game.mean[i, j]:.4g}"]
    if game.std_error is not None:
        lines.append(f"±{NORMAL * game.std_error[i, j]:.2g}")
    if game.episodes is not None:
        lines.append(f"n={int(game.episodes[i, j])}")
    return "\n".join(lines)


def plot_iterations(history: Sequence[Mapping[str, Any]], path: Path) -> list[Path]:
    """A run over its iterations: both mixtures, value and worst case, NashConv.

    Args:
      history: one report for each iteration, as the run's `iteration-*.json`.
      path: of the files, without a suffix.

    Returns:
      The files written.

    Raises:
      ValueError: no iteration.
    """
    if not history:
        raise ValueError("no iteration to plot")
    with new_figure(path, (7.2, 5.4)) as figure:
        (left, right), (below, last) = figure.subplots(2, 2, sharex=True)
        for ax, side in ((left, "defender"), (right, "attacker")):
            _stack(ax, [step[f"{side}_mixture"] for step in history])
            ax.set_title(f"{side}'s mixture")
            ax.set_ylabel("weight")
        _draw_value(below, history)
        _draw_nash_conv(last, history)
        for ax in (below, last):
            ax.set_xlabel("iteration")
            ax.set_xticks([step["iteration"] for step in history])
    return figure_files(path)


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


def _draw_value(ax: Axes, history: Sequence[Mapping[str, Any]]) -> None:
    steps = [step["iteration"] for step in history]
    value = [step["value"] for step in history]
    found = np.array([[v["estimate"], v["low"], v["high"]] for v in value], dtype=float)
    ax.fill_between(steps, found[:, 1], found[:, 2], color=BLUE, alpha=0.2, lw=0)
    ax.plot(steps, found[:, 0], "o-", color=BLUE, label="value of the table, 95 %")
    # The gain was measured on the mixture before: what that one keeps is the value
    # of the table before, less the gain.
    before = np.concatenate([[np.nan], found[:-1, 0]])
    worst = before - _gains(history, "attacker")[:, 0]
    ax.plot(steps, worst, "v--", color=VERMILLION, label="mixture before, new attack")
    ax.legend(frameon=False, fontsize=7.0)
    ax.set_title("value and worst case")
    ax.set_ylabel("team return")


def _draw_nash_conv(ax: Axes, history: Sequence[Mapping[str, Any]]) -> None:
    steps = [step["iteration"] for step in history]
    both = [_gains(history, side) for side in ("attacker", "defender")]
    total = np.maximum(both[0], 0)[:, 0] + np.maximum(both[1], 0)[:, 0]
    half = np.sqrt(sum((gain[:, 2] - gain[:, 1]) ** 2 for gain in both)) / 2
    ax.errorbar(steps, total, yerr=half, fmt="o-", color=BLACK, capsize=2)
    ax.axhline(0.0, color=GREY, lw=0.8)
    ax.set_title("NashConv, learned lower bound, 95 %")
    ax.set_ylabel("both oracles' gains")


def _gains(history: Sequence[Mapping[str, Any]], side: str) -> np.ndarray:
    gains = [step["oracle_gains_on_fresh_worlds"][side] for step in history]
    return np.array([[g["estimate"], g["low"], g["high"]] for g in gains], dtype=float)
