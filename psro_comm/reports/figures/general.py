"""Draws what was found of a general-sum game."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from psro_comm.metagame.general.normal_form import NormalFormGame
from psro_comm.metagame.general.role_symmetric import RoleSymmetricGame
from psro_comm.metagame.population.phase import phase_of
from psro_comm.reports.figures.labels import add_names, shortened, ticks, titled
from psro_comm.reports.figures.phase import plot_phase
from psro_comm.reports.figures.style import (
    BLUE,
    GREEN,
    ORANGE,
    PRINT,
    figure_files,
    new_figure,
)

_MOST_BARS = 40  # strategies of a group that are drawn
_LEGIBLE = 15  # strategies of a side whose payoffs are written into the cells


def plot_general(
    game: NormalFormGame | RoleSymmetricGame, report: Mapping[str, Any], path: Path
) -> list[Path]:
    """Draws payoffs of two players, what is played, and replicator dynamics.

    Args:
      game: the game.
      report: the result of `analyse_game`.
      path: path of the files, without a suffix; each figure adds its name.

    Returns:
      The files written.
    """
    drawn = plot_played(game, report, path.with_name(f"{path.name}-played"))
    if isinstance(game, NormalFormGame) and len(game.groups) == 2:
        drawn += plot_bimatrix(game, path.with_name(f"{path.name}-payoffs"))
    phase = phase_of(game)
    if phase is not None:
        states = [
            each["mixtures"]
            for each in report["equilibria"]["found"]
            if phase.kind == "square" or _same(list(each["mixtures"].values()))
        ]
        dots = [_state(game, mixtures, phase.kind) for mixtures in states]
        name = path.with_name(f"{path.name}-phase")
        drawn += plot_phase(phase, np.array(dots), name, game.title)
    return drawn


def _same(mixtures: Sequence[Mapping[str, float]]) -> bool:
    """Returns whether all players mix alike."""
    return all(
        abs(each.get(name, 0.0) - weight) < 1e-6
        for each in mixtures
        for name, weight in mixtures[0].items()
    )


def _state(
    game: NormalFormGame | RoleSymmetricGame,
    mixtures: Mapping[str, Mapping[str, float]],
    kind: str,
) -> list[float]:
    if kind == "square":
        sides = zip(game.groups, game.strategies, strict=True)
        return [mixtures[group].get(names[0], 0.0) for group, names in sides]
    own = mixtures[game.groups[0]]
    return [own.get(name, 0.0) for name in game.strategies[0]]


def plot_bimatrix(game: NormalFormGame, path: Path) -> list[Path]:
    """Draws the payoffs of both players of a game of two, side by side."""
    rows, columns = (shortened(names) for names in game.strategies)
    m, n = game.payoffs.shape[1:]
    cell = 0.5 if max(m, n) <= _LEGIBLE else 0.16
    width, height = min(3.0 + cell * n, 12.0), min(1.9 + cell * m, 12.0)
    with new_figure(path, (2 * width, height), PRINT, fine=True) as figure:
        axes = figure.subplots(1, 2)
        for ax, own, player in zip(axes, game.payoffs, game.groups, strict=True):
            image = ax.imshow(own, cmap="cividis", aspect="auto")
            _name_axes(ax, rows[0], columns[0])
            if max(m, n) <= _LEGIBLE:
                middle = (own.min() + own.max()) / 2
                for i, j in np.ndindex(m, n):
                    colour = "white" if own[i, j] < middle else "black"
                    words = f"{own[i, j]:.3g}"
                    ax.text(j, i, words, ha="center", va="center", color=colour, size=6)
            ax.set_title(titled(f"payoff to {player}", 40))
            figure.colorbar(image, ax=ax)
        add_names(axes[0], [*rows[1], *columns[1]])
        figure.suptitle(titled(game.title))
    return figure_files(path, PRINT)


def _name_axes(ax: Axes, rows: Sequence[str], columns: Sequence[str]) -> None:
    across, down = ticks(len(columns)), ticks(len(rows))
    names = [columns[k] for k in across]
    ax.set_xticks(across, names, rotation=40, ha="right", fontsize=6)
    ax.set_yticks(down, [rows[k] for k in down], fontsize=6)


def plot_played(
    game: NormalFormGame | RoleSymmetricGame, report: Mapping[str, Any], path: Path
) -> list[Path]:
    """Draws how often each strategy is played: in equilibrium, logit and alpha-rank.

    The equilibrium is the first of the report; all are in its words.
    """
    rows = [min(len(own), _MOST_BARS) + 1 for own in game.strategies]
    with new_figure(path, (6.4, 1.4 + 0.4 * sum(rows)), PRINT, fine=True) as figure:
        grid = {"height_ratios": rows}
        axes = figure.subplots(len(rows), 1, squeeze=False, gridspec_kw=grid)[:, 0]
        for ax, group, own in zip(axes, game.groups, game.strategies, strict=True):
            _draw_group(ax, own, _shares(report, group))
            rest = len(own) - _MOST_BARS
            more = f" (without {rest} more strategies)" if rest > 0 else ""
            ax.set_title(titled(f"{group}{more}"))
        place: Any = {"loc": "outside upper center", "ncols": 3}
        figure.legend(*axes[0].get_legend_handles_labels(), frameon=False, **place)
    return figure_files(path, PRINT)


def _draw_group(
    ax: Axes, own: Sequence[str], series: Sequence[tuple[str, Mapping[str, float], str]]
) -> None:
    most = [max(shares.get(name, 0.0) for _, shares, _ in series) for name in own]
    order = sorted(range(len(own)), key=lambda k: -most[k])[:_MOST_BARS]
    names, legend = shortened([own[k] for k in order])
    for place, (label, shares, colour) in enumerate(series):
        at = np.arange(len(order)) + 0.26 * (place - (len(series) - 1) / 2)
        widths = [shares.get(own[k], 0.0) for k in order]
        ax.barh(at, widths, 0.24, color=colour, label=label)
    ax.set_yticks(range(len(order)), names, fontsize=7)
    ax.invert_yaxis()
    ax.set_xlim(0, 1)
    add_names(ax, legend)


def _shares(
    report: Mapping[str, Any], group: str
) -> list[tuple[str, Mapping[str, float], str]]:
    """Returns name, weights and colour of each thing that is drawn of a group."""
    found = []
    if report["equilibria"]["found"]:
        first = report["equilibria"]["found"][0]["mixtures"][group]
        count = report["equilibria"]["count"]
        found.append((f"equilibrium 1 of {count}", first, BLUE))
    if "at_rationality" in report["logit"]:
        mixed = report["logit"]["at_rationality"]["mixtures"][group]
        found.append(("logit", mixed, ORANGE))
    if "marginals" in report["alpha_rank"]:
        own = report["alpha_rank"]["marginals"].get(group, {})
        shares = {name: each["estimate"] for name, each in own.items()}
        found.append(("alpha-rank", shares, GREEN))
    return found or [("nothing known", {}, BLUE)]
