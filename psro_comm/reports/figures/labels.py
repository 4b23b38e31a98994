"""Makes names fit to be drawn: control characters are escaped, long ones shortened."""

import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes

from psro_comm.reports.text import printable, short

MOST = 24  # characters of a name on an axis
_LETTERS = 11  # of the smallest size, on an inch of a figure beside its margins
_LONGEST = 160  # characters of a name in a legend
MOST_TICKS = 60  # names on an axis; of more, only some are shown


def shortened(
    names: Sequence[str], most: int = MOST
) -> tuple[list[str], list[tuple[str, str]]]:
    """Returns names as an axis shows them, and a legend of those that were shortened.

    Returns:
      The names, of which no two are alike; and pairs of the short and the whole name.
    """
    whole = [printable(name) for name in names]
    shown, legend = [], []
    for k, name in enumerate(whole):
        if len(name) <= most:
            shown.append(name)
            continue
        head = (most - len(str(k + 1)) - 4) // 2
        shown.append(f"{k + 1}: {name[:head]}…{name[-head:]}")
        legend.append((shown[-1], name))
    return shown, legend


def ticks(count: int, most: int = MOST_TICKS) -> list[int]:
    """Returns the places on an axis of `count` policies that have a name."""
    step = -(-count // most)
    return list(range(0, count, step))


def titled(text: str, width: int = 72) -> str:
    """Returns a title in lines that fit a figure, three at most."""
    return textwrap.fill(printable(text), width, max_lines=3, placeholder="…")


def add_names(
    ax: Axes, legend: Sequence[tuple[str, str]], label: str = "", most: int = 20
) -> None:
    """Writes the whole names of shortened ones below an axis, `most` at most."""
    figure = ax.get_figure(root=True)
    width = int(_LETTERS * figure.get_figwidth()) if figure else 80
    named = [f"{each.split(':')[0]}: {short(name, _LONGEST)}" for each, name in legend]
    lines = [label, *named[:most]]
    if len(legend) > most:
        lines.append(f"... and {len(legend) - most} more long names, in the JSON file")
    text = "\n".join(
        part for line in lines if line for part in textwrap.wrap(line, width)
    )
    if text:
        size = 6 if legend else None
        ax.set_xlabel(text, ha="left", x=0.0, ma="left", fontsize=size)
