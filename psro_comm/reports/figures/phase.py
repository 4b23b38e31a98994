"""Draws replicator dynamics of games whose states fit on a page."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from psro_comm.metagame.meta_game import MetaGame
from psro_comm.metagame.population.phase import Phase, phase_of
from psro_comm.metagame.population.zero_sum import as_normal_form
from psro_comm.reports.figures.labels import shortened, titled
from psro_comm.reports.figures.style import (
    BLUE,
    PRINT,
    VERMILLION,
    figure_files,
    new_figure,
)

_CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(3) / 2]])
_LONG = 60  # characters of an axis' name


def plot_phase(
    phase: Phase, equilibria: np.ndarray, path: Path, title: str = ""
) -> list[Path]:
    """Draws the field of replicator dynamics, with equilibria as dots.

    Args:
      phase: the field.
      equilibria: `[E, 2]` or `[E, 3]`, states as the field has them.
      path: path of the files, without a suffix.
      title: title of the figure.

    Returns:
      The files written.
    """
    with new_figure(path, (4.4, 4.2), PRINT, fine=True) as figure:
        ax = figure.subplots()
        if phase.kind == "square":
            _draw_square(ax, phase)
            dots = equilibria
        else:
            _draw_simplex(ax, phase)
            dots = equilibria @ _CORNERS if len(equilibria) else equilibria
        if len(dots):
            ax.plot(*dots.T, "o", color=VERMILLION, ms=6, clip_on=False, zorder=5)
        ax.set_title(titled(f"{title}: replicator dynamics", 48), pad=16)
    return figure_files(path, PRINT)


def plot_zero_sum_phase(
    game: MetaGame, x: np.ndarray, y: np.ndarray, path: Path
) -> list[Path]:
    """Draws the replicator dynamics of a meta-game, if its states fit on a page.

    They do with two policies on each side, or three of one population against itself.

    Returns:
      The files written; none if they do not.
    """
    phase = phase_of(as_normal_form(game))
    if phase is None:
        return []
    dots = np.array([[x[0], y[0]] if phase.kind == "square" else x])
    return plot_phase(phase, dots, path, game.title)


def _draw_square(ax: Axes, phase: Phase) -> None:
    side = len(np.unique(phase.points[:, 0]))
    across = phase.points[:side, 0]
    u, v = phase.velocities.T.reshape(2, side, side)
    ax.streamplot(across, across, u, v, color=BLUE, density=1.1, linewidth=0.8)
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    names, _ = shortened(phase.labels, _LONG)
    ax.set_xlabel(names[0])
    ax.set_ylabel(names[1])
    ax.set_aspect("equal")


def _draw_simplex(ax: Axes, phase: Phase) -> None:
    points, arrows = phase.points @ _CORNERS, phase.velocities @ _CORNERS
    speed = np.hypot(*arrows.T)
    length = np.where(speed > 0, speed, 1.0)
    ax.quiver(
        *points.T,
        *(arrows / length[:, None]).T,
        speed,
        cmap="cividis_r",
        scale=32,
        width=0.005,
        pivot="mid",
    )
    ax.plot(*_CORNERS[[0, 1, 2, 0]].T, color="black", lw=0.8)
    names, _ = shortened(phase.labels, _LONG // 2)
    places = zip(names, _CORNERS, ("top", "top", "bottom"), strict=True)
    for name, (x, y), side in places:
        away = 0.03 if side == "bottom" else -0.03
        ax.text(x, y + away, name, ha="center", va=side)
    ax.set_aspect("equal")
    ax.set_axis_off()
