"""Draws any meta-game: who beats whom, sorted, with both mixtures on its margins."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import CenteredNorm
from matplotlib.patches import Rectangle

from psro_comm.metagame.intervals import NORMAL
from psro_comm.metagame.meta_game import MetaGame
from psro_comm.metagame.solvers.scale import typical_spread
from psro_comm.metagame.structure import additive_parts
from psro_comm.reports.figures.labels import add_names, shortened, ticks, titled
from psro_comm.reports.figures.style import (
    BLACK,
    BLUE,
    PRINT,
    VERMILLION,
    figure_files,
    new_figure,
)
from psro_comm.reports.text import Sides, printable

_SMALL, _LEGIBLE = 12, 30  # policies; larger tables get smaller words, then none
_SUPPORT = 1e-4  # a smaller weight is not framed
_MOST_FRAMES = 400
_LARGEST = 13.0  # inches of a side
_FAR = 20.0  # typical spreads from the value: payoffs beyond do not set the colours


def plot_meta_game(
    game: MetaGame,
    x: np.ndarray,
    y: np.ndarray,
    path: Path,
    sides: Sides = Sides(),  # noqa: B008
) -> list[Path]:
    """Draws a meta-game: mean, 95 % half-width and episodes in each cell.

    Policies are sorted by rating, the strongest first; colours diverge from what the
    mixtures earn. The mixtures are bars on the margins, and cells that both play are
    framed. Cells of a large table hold the mean alone, those of a huge one no text.

    Args:
      game: the meta-game.
      x: `[m]` the defender's mixture.
      y: `[n]` the attacker's mixture.
      path: path of the files, without a suffix.
      sides: what both players are called.

    Returns:
      The files written.
    """
    m, n = game.mean.shape
    _, rated, conceded, _ = additive_parts(game.mean)
    rows, columns = (
        np.argsort(-rated, kind="stable"),
        np.argsort(conceded, kind="stable"),
    )
    small = max(m, n) < _SMALL
    width, height = (0.9, 0.62) if small else (0.42, 0.26)
    size = min(3.4 + width * n, _LARGEST), min(2.4 + height * m, _LARGEST)
    with new_figure(path, size, PRINT, fine=True) as figure:
        grid: Any = {"width_ratios": [8, 1], "height_ratios": [1, 8]}
        (top, corner), (ax, right) = figure.subplots(2, 2, gridspec_kw=grid)
        corner.set_axis_off()
        image, beyond = _draw_cells(ax, game, x, y, rows, columns)
        _name(ax, game, rows, columns, sides)
        top.bar(range(n), y[columns], color=VERMILLION)
        top.set(xlim=ax.get_xlim(), ylim=(0, 1), xticks=[], ylabel="weight")
        right.barh(range(m), x[rows], color=BLUE)
        right.set(ylim=ax.get_ylim(), xlim=(0, 1), yticks=[], xlabel="weight")
        words = f"payoff to the {printable(sides.row)}"
        figure.colorbar(image, ax=right, label=words, fraction=0.4, extend=beyond)
        figure.suptitle(titled(game.title))
    return figure_files(path, PRINT)


def _draw_cells(
    ax: Axes,
    game: MetaGame,
    x: np.ndarray,
    y: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
) -> tuple[Any, str]:
    """Draws the cells; returns their image, and on which ends colours are cut off."""
    table = game.mean[np.ix_(rows, columns)]
    value = float(x @ game.mean @ y)
    away = np.abs(table - value)
    # Some forbidden cells of -1e10 must not make all others one colour.
    near = away[away <= _FAR * typical_spread(game.mean)]
    reach = float(near.max(initial=0.0)) or float(away.max()) or 1.0
    ends = (table < value - reach).any(), (table > value + reach).any()
    beyond = {(True, True): "both", (True, False): "min", (False, True): "max"}
    norm = CenteredNorm(value, reach)
    image = ax.imshow(table, cmap="RdBu", norm=norm, aspect="auto")
    if max(table.shape) <= _LEGIBLE:
        for i, j in np.ndindex(*table.shape):
            dark = away[i, j] > 0.6 * reach
            ax.text(
                j,
                i,
                _cell(game, int(rows[i]), int(columns[j])),
                ha="center",
                va="center",
                fontsize=7.0 if max(table.shape) < _SMALL else 5.0,
                color="white" if dark else "black",
            )
    played = np.argwhere(np.outer(x[rows] > _SUPPORT, y[columns] > _SUPPORT))
    for i, j in played[:_MOST_FRAMES]:
        frame = Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False, ec=BLACK, lw=1.4)
        ax.add_patch(frame)
    return image, beyond.get((bool(ends[0]), bool(ends[1])), "neither")


def _cell(game: MetaGame, i: int, j: int) -> str:
    if max(game.mean.shape) >= _SMALL:
        return f"{game.mean[i, j]:.3g}"
    lines = [f"{game.mean[i, j]:.4g}"]
    if game.std_error is not None:
        lines.append(f"±{NORMAL * game.std_error[i, j]:.2g}")
    if game.episodes is not None:
        lines.append(f"n={int(game.episodes[i, j])}")
    return "\n".join(lines)


def _name(
    ax: Axes, game: MetaGame, rows: np.ndarray, columns: np.ndarray, sides: Sides
) -> None:
    down, long_rows = shortened([game.defenders[k] for k in rows])
    across, long_columns = shortened([game.attackers[k] for k in columns])
    places = ticks(len(across))
    ax.set_xticks(
        places, [across[k] for k in places], rotation=40, ha="right", size=6.5
    )
    places = ticks(len(down))
    ax.set_yticks(places, [down[k] for k in places], fontsize=6.5)
    ax.set_ylabel(f"{printable(sides.row)}, maximises")
    legend = [(f"row {k}", name) for k, name in long_rows]
    legend += [(f"column {k}", name) for k, name in long_columns]
    add_names(ax, legend, f"{printable(sides.column)}, minimises")
    ax.spines[:].set_visible(False)
