"""The figures: how attack and filter learn, the payoffs, and the worst case.

The only file that draws. Figures are drawn without a screen, in colours that the
colour-blind tell apart (Okabe and Ito 2008), never by colour alone; the same data give
the same bytes.
"""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator

from psro_comm.analysis import Interval
from psro_comm.experiment_config import STOP_RETURNS
from psro_comm.files import write_atomic
from psro_comm.findings import RMACRL, VANILLA, VANILLA_LONG
from psro_comm.metrics import read_metrics
from psro_comm.payoffs import PayoffTable
from psro_comm.results import ATTACKERS, differences, pooled, returns_by_attacker
from psro_comm.store import RunStore
from psro_comm.tables import interval

BLUE, RED, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#666666"
_STYLES = {  # colour and marker of each defender
    VANILLA: (RED, "s"),
    VANILLA_LONG: (GREEN, "^"),
    RMACRL: (BLUE, "o"),
}
_PANELS = (  # title, artefact
    ("An attack learns\n(no filter)", "vanilla-attack"),
    ("A filter learns\nagainst that attack", "vanilla-filter"),
    ("A fresh attack learns\nagainst the frozen filter", "fresh-on-vanilla"),
)
_DPI = 110
_NORMAL = 1.96  # two-sided 95 % quantile


class _Curve(NamedTuple):
    steps: np.ndarray  # [updates] environment steps
    returns: np.ndarray  # [updates] mean return of the episodes that ended, smoothed
    window: int  # updates in the running mean


def plot_learning(runs: Sequence[Path], path: Path) -> None:
    """Team return against environment steps: attack, defend, attack the defence.

    One thin line for each run, and their mean over the steps that all have.

    Args:
      runs: folders of runs of one task, which differ by their seed.
      path: of the PNG.

    Raises:
      ValueError: no run, or runs of several tasks.
      StoreError: a run is missing, damaged or without its gate.

    Source: paper figures 4 and 6 (experiments E1 and E4).
    """
    stores = [RunStore.read(run) for run in runs]
    tasks = sorted({store.config["task"] for store in stores})
    if len(tasks) != 1:
        raise ValueError(f"one figure shows the runs of one task, got {tasks}")
    clean = pooled([interval(s.load_json("gate")["return_clean"]) for s in stores])
    figure = Figure(figsize=(9.0, 3.9), layout="constrained")
    axes: Sequence[Axes] = figure.subplots(1, len(_PANELS), sharey=True)
    windows = set()
    for ax, (title, artefact) in zip(axes, _PANELS, strict=True):
        found = [_curve(run, artefact) for run in runs]
        curves = [curve for curve in found if curve is not None]
        windows |= {curve.window for curve in curves}
        _draw_curves(ax, curves)
        _draw_levels(ax, clean, STOP_RETURNS.get(tasks[0]))
        ax.set_title(title, fontsize=10)
        ax.set_xlabel("environment steps")
        ax.xaxis.set_major_formatter(EngFormatter(sep=""))
        ax.xaxis.set_major_locator(MaxNLocator(5))
    axes[0].set_ylabel("mean team return")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=9
    )
    figure.suptitle(_learning_title(tasks[0], stores, windows), fontsize=9)
    _save(figure, path)


def _learning_title(task: str, stores: Sequence[RunStore], windows: set[int]) -> str:
    width = "-".join(map(str, sorted({min(windows), max(windows)}))) if windows else "0"
    benign = stores[0].config["filter"]["benign_fraction"]
    return (
        f"{task}, {_seeds(len(stores))}: returns while training, running mean over"
        f" {width} updates;\nin the middle panel {benign:.0%} of the episodes are free"
        " of attack"
    )


def _seeds(count: int) -> str:
    return "1 seed" if count == 1 else f"{count} seeds"


def _curve(run: Path, artefact: str) -> _Curve | None:
    """What one run noted while it trained `artefact`; None if it noted nothing."""
    rows = read_metrics(run, artefact) or read_metrics(run, f"{artefact}.r0")
    ended = [row for row in rows if row.get("team/return_mean") is not None]
    if not ended:
        return None
    steps = np.array([row["env_steps"] for row in ended], dtype=np.float64)
    returns = np.array([row["team/return_mean"] for row in ended])
    window = max(1, len(ended) // 20) | 1  # odd, so that it has a centre
    return _Curve(steps, running_mean(returns, window), window)


def running_mean(values: np.ndarray, window: int) -> np.ndarray:
    """Mean over the `window` values around each one.

    Near both ends the window shrinks on both sides alike, so that the first and the
    last value stay what they are, and a straight line stays straight.

    Args:
      values: `[K]`.
      window: odd.
    """
    index = np.arange(len(values))
    half = np.minimum(window // 2, np.minimum(index, index[::-1]))
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return (sums[index + half + 1] - sums[index - half]) / (2 * half + 1)


def _draw_curves(ax: Axes, curves: Sequence[_Curve]) -> None:
    if not curves:
        ax.text(0.5, 0.5, "no curve", transform=ax.transAxes, ha="center", color=GREY)
        return
    several = len(curves) > 1
    for number, curve in enumerate(curves):
        label = ("one seed" if several else "return") if number == 0 else None
        ax.plot(
            curve.steps,
            curve.returns,
            color=BLUE,
            alpha=0.4 if several else 1.0,
            linewidth=0.8 if several else 1.5,
            label=label,
        )
    if several:
        first = max(curve.steps[0] for curve in curves)
        last = min(curve.steps[-1] for curve in curves)
        grid = np.linspace(first, last, 200)
        lines = [np.interp(grid, curve.steps, curve.returns) for curve in curves]
        mean = np.mean(lines, axis=0)
        ax.plot(grid, mean, color=BLUE, linewidth=2.0, label="mean of the seeds")


def _draw_levels(ax: Axes, clean: Interval, threshold: float | None) -> None:
    label = f"clean level {clean.estimate:.1f}"
    ax.axhline(clean.estimate, color=RED, linewidth=1.5, label=label)
    if threshold is not None:
        label = f"the paper's attack stops at {threshold:g}"
        ax.axhline(threshold, color=GREY, linestyle="--", linewidth=1.0, label=label)
    ax.grid(alpha=0.25)


def plot_payoffs(
    table: PayoffTable, path: Path, mixtures: Mapping[str, float] | None = None
) -> None:
    """The payoff table as a heat map: value, 95 % half-width and episodes in a cell.

    Args:
      table: defenders down, attackers across.
      path: of the PNG.
      mixtures: weights by policy, printed below the names.
    """
    mean, half = table.mean(), _NORMAL * table.std_error()
    rows, columns = mean.shape
    size = (2.2 + 0.95 * columns, 1.5 + 0.72 * rows)
    figure = Figure(figsize=size, layout="constrained")
    ax: Axes = figure.subplots()
    image = ax.imshow(np.ma.masked_invalid(mean), cmap="cividis", aspect="auto")
    ax.set_facecolor("#dddddd")
    for i in range(rows):
        for j in range(columns):
            text = _cell(mean[i, j], half[i, j], int(table.episodes()[i, j]))
            colour = _readable(mean[i, j], image.norm)
            ax.text(j, i, text, ha="center", va="center", color=colour, fontsize=8)
    named = [_labels(names, mixtures or {}) for names in _names(table)]
    ax.set_yticks(range(rows), named[0], fontsize=8)
    ax.set_xticks(range(columns), named[1], fontsize=8, rotation=30, ha="right")
    ax.tick_params(length=0)
    ax.set_xlabel("attacker")
    ax.set_ylabel("defender")
    bar = figure.colorbar(image, ax=ax, label="mean team return", fraction=0.05)
    bar.ax.tick_params(labelsize=8)
    ax.set_title("± 1.96 standard errors; n episodes", fontsize=8)
    _save(figure, path)


def _names(table: PayoffTable) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return table.defenders, table.attackers


def _labels(names: Sequence[str], mixtures: Mapping[str, float]) -> list[str]:
    return [f"{n}\n({mixtures[n]:.3f})" if n in mixtures else n for n in names]


def _cell(mean: float, half: float, episodes: int) -> str:
    if episodes == 0:
        return "not\nplayed"
    width = "±?" if np.isnan(half) else f"±{half:.2f}"
    return f"{mean:.2f}\n{width}\nn={episodes}"


def _readable(mean: float, norm: Normalize) -> str:
    """Black on the light half of the colours and on grey, white on the dark half."""
    return "white" if np.isfinite(mean) and float(norm(mean)) < 0.5 else "black"


def plot_worst_case(reports: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Each defender against each kind of attacker, and R-MACRL minus the others.

    Several reports (seeds) give the mean with its interval over seeds; a single one
    gives its own interval over worlds.

    Args:
      reports: of one task, what `psro_comm.story.Story.tell` returns.
      path: of the PNG.

    Source: paper section 5.5, table 3.
    """
    figure = Figure(figsize=(9.0, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(1.25, 1.0))
    found = returns_by_attacker(reports)
    less = differences(reports)
    clean = pooled([interval(r["gate"]["return_clean"]) for r in reports])
    left.axvline(clean.estimate, color=GREY, linewidth=1.0, label="clean level")
    right.axvline(0.0, color=GREY, linewidth=1.0)
    for place, (defender, (colour, marker)) in enumerate(_STYLES.items()):
        shift = 0.22 * (place - 1)
        for row, attacker in enumerate(ATTACKERS):
            label = defender if row == 0 else None
            dot = {"color": colour, "marker": marker}
            _dot(left, found.get((defender, attacker)), row + shift, dot, label)
            _dot(right, less.get((defender, attacker)), row + shift, dot, None)
    left.set_yticks(range(len(ATTACKERS)), list(ATTACKERS.values()))
    left.invert_yaxis()
    left.set_xlabel("team return")
    right.set_xlabel("R-MACRL minus a single filter (right of 0: better)")
    for ax in (left, right):
        ax.grid(axis="x", alpha=0.25)
        ax.tick_params(axis="y", length=0)
    handles, labels = left.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=9
    )
    over = "seeds" if len(reports) > 1 else "worlds"
    figure.suptitle(
        f"{reports[0]['task']}, {_seeds(len(reports))}: 95 % intervals over {over}",
        fontsize=9,
    )
    _save(figure, path)


def _dot(
    ax: Axes, at: Interval | None, y: float, dot: Mapping[str, str], label: str | None
) -> None:
    if at is None:
        return
    error = [[at.estimate - at.low], [at.high - at.estimate]]
    ax.errorbar(
        at.estimate,
        y,
        xerr=error,
        color=dot["color"],
        marker=dot["marker"],
        markersize=5,
        capsize=3,
        linestyle="none",
        label=label,
    )


def _save(figure: Figure, path: Path) -> None:
    """Writes the figure as PNG, without the program's version: equal data, bytes."""
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=_DPI, metadata={"Software": None})
    write_atomic(path, picture.getvalue())
