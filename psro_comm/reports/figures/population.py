"""Draws a population: ratings, map, spinning top and diversity over iterations."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from psro_comm.reports.figures.labels import add_names, shortened, titled
from psro_comm.reports.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PRINT,
    PURPLE,
    VERMILLION,
    figure_files,
    new_figure,
)
from psro_comm.reports.text import Sides, printable

_SIDES = {"defenders": BLUE, "attackers": VERMILLION}  # keys of what is found
_MOST_BARS, _MOST_NAMES = 40, 25  # policies of a side with a line, and with a name
_SCALES = {
    "mean_payoff": ("against all alike, payoff", "o", BLACK),
    "nash": ("against the equilibrium, payoff", "s", GREEN),
    "elo": ("Elo", "D", ORANGE),
    "melo": ("multidimensional Elo", "v", PURPLE),
}


def plot_population(
    found: Mapping[str, Any],
    path: Path,
    title: str,
    sides: Sides = Sides(),  # noqa: B008
) -> list[Path]:
    """Draws all figures of a population.

    Args:
      found: the result of `population.analysis.describe`.
      path: path of the files, without a suffix; each figure adds its name.
      title: title of the figures.
      sides: what both players are called.

    Returns:
      The files written.
    """
    named = dict(zip(_SIDES, map(printable, sides), strict=True))
    drawn = plot_ratings(found, path.with_name(f"{path.name}-ratings"), title, named)
    drawn += plot_map(found, path.with_name(f"{path.name}-map"), title, named)
    drawn += plot_top(found, path.with_name(f"{path.name}-top"), title, named)
    if len(found["diversity_by_iteration"]) > 1:
        name = path.with_name(f"{path.name}-diversity")
        drawn += plot_diversity(found["diversity_by_iteration"], name, title, named)
    return drawn


def plot_ratings(
    found: Mapping[str, Any], path: Path, title: str, named: Mapping[str, str]
) -> list[Path]:
    """Draws the ratings of both sides with 95 % intervals, the best first."""
    scales = [key for key in _SCALES if key in found["ratings"]]
    rows = [min(len(found[side]), _MOST_BARS) for side in _SIDES]
    size = 2.2 + 2.4 * len(scales), 1.6 + 0.2 * sum(rows)
    with new_figure(path, size, PRINT, fine=True) as figure:
        grid = {"height_ratios": [count + 1 for count in rows]}
        axes = figure.subplots(
            2, len(scales), squeeze=False, sharey="row", sharex="col", gridspec_kw=grid
        )
        for line, side in zip(axes, _SIDES, strict=True):
            best = [each["estimate"] for each in found["ratings"]["mean_payoff"][side]]
            order = sorted(range(len(best)), key=lambda k: -best[k])[:_MOST_BARS]
            names, legend = shortened([found[side][k] for k in order])
            for ax, key in zip(line, scales, strict=True):
                own = [found["ratings"][key][side][k] for k in order]
                _draw_rating(ax, own, key)
            line[0].set_yticks(range(len(order)), names, fontsize=6.5)
            line[0].set_ylabel(named[side])
            line[0].invert_yaxis()
            add_names(line[0], legend)
        for ax, key in zip(axes[0], scales, strict=True):
            ax.set_title(_SCALES[key][0])
        figure.suptitle(titled(f"{title}: ratings"))
    return figure_files(path, PRINT)


def _draw_rating(ax: Axes, own: Sequence[Mapping[str, Any]], key: str) -> None:
    _, marker, colour = _SCALES[key]
    at = np.arange(len(own))
    middle = np.array([each["estimate"] for each in own])
    if own[0]["low"] is not None:
        low = np.array([each["low"] for each in own])
        high = np.array([each["high"] for each in own])
        ax.hlines(at, low, high, color=colour, lw=1.2)
    ax.plot(middle, at, marker, color=colour, ms=4)
    ax.axvline(0.0, color=GREY, lw=0.6)


def plot_map(
    found: Mapping[str, Any], path: Path, title: str, named: Mapping[str, str]
) -> list[Path]:
    """Draws the policies as points of a plane, larger where they are played."""
    seen = found["embedding"]
    disc = seen["kind"] == "disc"
    with new_figure(path, (5.2, 5.0), PRINT, fine=True) as figure:
        ax = figure.subplots()
        legend: list[tuple[str, str]] = []
        for side, colour in _SIDES.items():
            if disc and side == "attackers":
                continue
            points = np.array(seen[side])
            weights = np.array(found["mixtures"][side])
            marker = "o" if side == "defenders" else "^"
            sizes = 14 + 160 * weights
            label = "policies" if disc else named[side]
            ax.scatter(
                points[:, 0],
                points[:, 1],
                sizes,
                color=colour,
                marker=marker,
                alpha=0.7,
                label=label,
            )
            far = np.argsort(-np.hypot(*points.T) - 10 * weights)[:_MOST_NAMES]
            names, longer = shortened([found[side][k] for k in far], 14)
            legend += [(f"{label} {key}", name) for key, name in longer]
            for k, name in zip(far, names, strict=True):
                ax.annotate(
                    name, points[k], (3, 3), textcoords="offset points", fontsize=6
                )
        ax.axhline(0.0, color=GREY, lw=0.6)
        ax.axvline(0.0, color=GREY, lw=0.6)
        ax.set_aspect("equal", adjustable="datalim")
        ax.legend(frameon=False, fontsize=7)
        words = (
            "whoever lies a quarter turn on is beaten"
            if disc
            else "payoff less the value: inner product of two points"
        )
        add_names(ax, legend, words)
        share = f"{seen['share']:.0%} of the squared payoffs"
        ax.set_title(titled(f"{title}: map, {share}", 56))
    return figure_files(path, PRINT)


def plot_top(
    found: Mapping[str, Any], path: Path, title: str, named: Mapping[str, str]
) -> list[Path]:
    """Draws the layers as a spinning top, and the cycles through each policy.

    Left: a bar for each layer, as wide as it has policies, at the mean rating of its
    policies. Right: a dot for each policy, by rating and cycles.
    """
    counted = found["cycles"]
    with new_figure(path, (7.4, 5.6), PRINT, fine=True) as figure:
        axes = figure.subplots(2, 2 if counted else 1, squeeze=False, sharey="row")
        for line, (side, colour) in zip(axes, _SIDES.items(), strict=True):
            own = found["ratings"]["mean_payoff"][side]
            rating = dict(
                zip(found[side], (each["estimate"] for each in own), strict=True)
            )
            layers = [layer[side] for layer in found["layers"] if layer[side]]
            levels = [float(np.mean([rating[n] for n in names])) for names in layers]
            spread = max(rating.values()) - min(rating.values())
            thick = 0.7 * spread / max(len(layers), 1) or 0.5
            for number, (names, level) in enumerate(zip(layers, levels, strict=True)):
                width = len(names)
                shade = 0.9 - 0.6 * number / max(len(layers), 1)
                line[0].barh(level, width, thick, -width / 2, color=colour, alpha=shade)
                line[0].text(
                    0, level, f"{number + 1}", ha="center", va="center", size=6
                )
            line[0].set_ylabel(f"{named[side]}: rating")
            widest = 0.55 * max(map(len, layers))
            line[0].set_xlim(-widest, widest)
            line[0].xaxis.set_major_formatter(lambda x, _: f"{2 * abs(x):g}")
            if counted:
                line[1].plot(
                    counted[side], list(rating.values()), "o", color=colour, ms=4
                )
        axes[1, 0].set_xlabel("policies in the layer")
        axes[0, 0].set_title("layers of Nash, 1 the strongest")
        if counted:
            axes[1, 1].set_xlabel("cycles through the policy")
            for ax in axes[:, 1]:
                ax.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes[0, 1].set_title("cycles of best responses")
        figure.suptitle(titled(f"{title}: spinning top"))
    return figure_files(path, PRINT)


def plot_diversity(
    steps: Sequence[Mapping[str, float]],
    path: Path,
    title: str,
    named: Mapping[str, str],
) -> list[Path]:
    """Draws effective diversity, cardinality and the number played, by iteration."""
    with new_figure(path, (8.4, 2.9), PRINT, fine=True) as figure:
        left, middle, right = figure.subplots(1, 3)
        at = np.arange(1, len(steps) + 1)
        for ax, keys, words in (
            (left, ["effective_diversity"], "effective diversity, payoff"),
            (middle, ["cardinality"], "expected cardinality"),
            (right, ["rows_played", "columns_played"], "effectively played"),
        ):
            both = zip(keys, _SIDES.items(), "o^", strict=False)
            for key, (side, colour), marker in both:
                values = [step[key] for step in steps]
                label = named[side] if len(keys) > 1 else None
                ax.plot(at, values, marker + "-", color=colour, ms=4, label=label)
            ax.set_title(words)
            ax.set_xlabel("iteration")
            most = max(step[key] for step in steps for key in keys)
            ax.set_ylim(0.0, 1.1 * most or 1.0)
            ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        right.legend(frameon=False, fontsize=7)
        figure.suptitle(titled(title))
    return figure_files(path, PRINT)
