"""Draws the payoff tables of a story as heat maps."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from psro_comm.metagame.intervals import mean_interval
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.reports.figures.style import PRINT, SCREEN, figure_files, new_figure

_SMALL = 12  # policies; larger tables get smaller words
_LETTER = 0.09  # inches of width, about


class _Look(NamedTuple):
    """The sizes and texts with which a table is drawn."""

    cell: tuple[float, float]  # inches, width and height
    fontsize: float
    columns: str  # names of the axes and of the colours
    rows: str
    colours: str
    title: str


def plot_payoffs(table: PayoffTable, path: Path, title: str = "") -> list[Path]:
    """Draws a story's payoff table: mean, 95 % half-width and episodes in each cell.

    Args:
      table: payoffs of filters against attacks; missing cells stay white.
      path: path of the files, without a suffix.
      title: title of the figure.

    Returns:
      The files written.

    Raises:
      ValueError: the table is empty.
    """
    mean, episodes = table.mean(), table.episodes()
    if not np.isfinite(mean).any():
        raise ValueError("no payoffs to plot: the table is empty")
    texts = {}
    for i, j in np.argwhere(episodes > 0):
        found = mean_interval(table.returns[i, j])
        half = (found.high - found.low) / 2
        spread = f"±{half:.2f}" if np.isfinite(half) else "±?"
        texts[i, j] = f"{found.estimate:.2f}\n{spread}\nn={episodes[i, j]}"
    title = title or "Payoff table of R-MACRL: the defender maximises"
    fontsize = 7.0 if max(mean.shape) < _SMALL else 4.5
    look = _Look((1.0, 0.62), fontsize, "attack", "filter", "team return", title)
    return _draw(mean, (table.defenders, table.attackers), texts, look, path)


def plot_returns(
    mean: np.ndarray,
    attacks: Sequence[str],
    defenders: Sequence[str],
    path: Path,
    title: str,
) -> list[Path]:
    """Draws mean returns alone, `[attacks, defenders]`, with a line for each attack.

    Returns:
      The files written, one to be printed among them.
    """
    texts = {
        (i, j): f"{mean[i, j]:.2f}"
        for i, j in np.ndindex(*mean.shape)
        if np.isfinite(mean[i, j])
    }
    words = "defender", "attack", "mean team return"
    look = _Look((1.05, 0.2), 7.0, *words, title)
    return _draw(mean, (attacks, defenders), texts, look, path, PRINT)


def _draw(
    mean: np.ndarray,
    names: tuple[Sequence[str], Sequence[str]],
    texts: Mapping[tuple[int, int], str],
    look: _Look,
    path: Path,
    kinds: Sequence[str] = SCREEN,
) -> list[Path]:
    """Draws colours for the means `[m, n]` (NaN is white), and texts in the cells."""
    (width, height), (rows, columns) = look.cell, mean.shape
    middle = (np.nanmin(mean) + np.nanmax(mean)) / 2
    margin = max(2.2, 1.6 + _LETTER * max(map(len, names[0])))
    wide = max(margin + width * columns, _LETTER * len(look.title))
    size = wide, 1.5 + height * rows
    with new_figure(path, size, kinds) as figure:
        ax = figure.subplots()
        image = ax.imshow(mean, cmap="cividis", aspect="auto")
        ax.set_xticks(range(columns), names[1], rotation=30, ha="right")
        ax.set_yticks(range(rows), names[0])
        ax.set_xlabel(look.columns)
        ax.set_ylabel(look.rows)
        ax.spines[:].set_visible(False)
        for (i, j), words in texts.items():
            ax.text(
                j,
                i,
                words,
                ha="center",
                va="center",
                fontsize=look.fontsize,
                color="white" if mean[i, j] < middle else "black",
            )
        figure.colorbar(image, ax=ax, label=look.colours)
        ax.set_title(look.title)
    return figure_files(path, kinds)
