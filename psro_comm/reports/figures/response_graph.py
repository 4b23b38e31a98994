"""Draws the response graph of a meta-game, with alpha-rank's share of each pair."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from psro_comm.metagame.meta_game import MetaGame
from psro_comm.metagame.solvers.response_graph import rank_pairs
from psro_comm.reports.figures.labels import add_names, shortened, titled
from psro_comm.reports.figures.style import (
    BLUE,
    PRINT,
    VERMILLION,
    figure_files,
    new_figure,
)
from psro_comm.reports.text import Sides, printable

MOST_PAIRS = 144  # more arrows cannot be told apart
_CELL = 0.8  # inches
_DOT = 260.0  # points squared, of a pair with all the time


def plot_response_graph(
    game: MetaGame,
    path: Path,
    sides: Sides = Sides(),  # noqa: B008
) -> list[Path]:
    """Draws pairs of policies, and an arrow to each player's best answer from each.

    A row's player moves up or down, a column's to the side. Pairs of a sink, which
    evolution does not leave, are framed; dots are as large as alpha-rank's shares.

    Args:
      game: the meta-game.
      path: path of the files, without a suffix.
      sides: what both players are called.

    Returns:
      The files written; none for a game of more than `MOST_PAIRS` pairs.
    """
    if game.mean.size > MOST_PAIRS:
        return []
    found = rank_pairs(game.mean)
    rows, columns = game.mean.shape
    size = 2.4 + _CELL * columns, 1.8 + _CELL * rows
    with new_figure(path, size, PRINT, fine=True) as figure:
        ax = figure.subplots()
        for start, end in best_moves(game.mean):
            _arrow(ax, start, end)
        across, along = np.arange(columns), np.arange(rows)
        j, i = np.meshgrid(across, along)
        framed = np.zeros(found.joint.shape, bool)
        for pair in (pair for sink in found.sinks for pair in sink):
            framed[pair] = True
        ax.scatter(j, i, s=20, color="black", zorder=3)
        ax.scatter(j, i, s=_DOT * found.joint, color=BLUE, zorder=4)
        ax.scatter(
            *(j[framed], i[framed]),
            s=_DOT,
            marker="s",
            facecolors="none",
            edgecolors=VERMILLION,
            zorder=5,
        )
        _name(ax, game, sides)
        ax.set_title(titled(f"{game.title}: response graph", 12 * columns + 24))
    return figure_files(path, PRINT)


def best_moves(mean: np.ndarray) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Returns each pair's moves to a player's best answer, where that is better.

    Returns:
      Pairs of start and end, each `(row, column)`.
    """
    up, aside = mean.argmax(axis=0), mean.argmin(axis=1)
    moves = []
    for i, j in np.ndindex(*mean.shape):
        if mean[up[j], j] > mean[i, j]:
            moves.append(((i, j), (int(up[j]), j)))
        if mean[i, aside[i]] < mean[i, j]:
            moves.append(((i, j), (i, int(aside[i]))))
    return moves


def _arrow(ax: Axes, start: tuple[int, int], end: tuple[int, int]) -> None:
    far = max(abs(a - b) for a, b in zip(start, end, strict=True)) > 1
    ax.annotate(
        "",
        xy=end[::-1],
        xytext=start[::-1],
        arrowprops={
            "arrowstyle": "-|>",
            "color": "#888888",
            "lw": 0.8,
            "shrinkA": 5,
            "shrinkB": 9,
            # Around the pairs between, which are not passed.
            "connectionstyle": f"arc3,rad={0.25 if far else 0.0}",
        },
    )


def _name(ax: Axes, game: MetaGame, sides: Sides) -> None:
    across, below = shortened(game.attackers)
    along, beside = shortened(game.defenders)
    ax.set_xticks(range(len(across)), across, rotation=45, ha="right")
    ax.set_yticks(range(len(along)), along)
    ax.set_xlim(-0.6, len(across) - 0.4)
    ax.set_ylim(len(along) - 0.4, -0.6)
    ax.set_ylabel(f"{printable(sides.row)}, maximises")
    ax.spines[:].set_visible(False)
    legend = [(f"row {k}", name) for k, name in beside]
    legend += [(f"column {k}", name) for k, name in below]
    add_names(ax, legend, f"{printable(sides.column)}, minimises")
