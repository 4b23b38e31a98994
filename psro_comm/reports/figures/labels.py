"""Makes names fit to be drawn: control characters are escaped, long ones shortened."""

import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes

MOST = 24  # characters of a name on an axis
_LETTERS = 11  # of the smallest size, on an inch of a figure beside its margins
_LONGEST = 160  # characters of a name in a legend
MOST_TICKS = 60  # names on an axis; of more, only some are shown


def visible(name: str) -> str:
    r"""Returns a name on one line: control characters as escapes, such as `\x1b`."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in name
    )


def shortened(
    names: Sequence[str], most: int = MOST
) -> tuple[list[str], list[tuple[str, str]]]:
    """Returns names as an axis shows them, and a legend of those that were shortened.

    Returns:
      The names, of which no two are alike; and pairs of the short and the whole name.
    """
    whole = [visible(name) for name in names]
    short, legend = [], []
    for k, name in enumerate(whole):
        if len(name) <= most:
            short.append(name)
            continue
        head = (most - len(str(k + 1)) - 4) // 2
        short.append(f"{k + 1}: {name[:head]}…{name[-head:]}")
        legend.append((short[-1], name))
    return short, legend


def _middle(name: str, most: int) -> str:
    half = most // 2
    return name if len(name) <= most else f"{name[:half]}…{name[-half:]}"


def ticks(count: int, most: int = MOST_TICKS) -> list[int]:
    """Returns the places on an axis of `count` policies that have a name."""
    step = -(-count // most)
    return list(range(0, count, step))


def titled(text: str, width: int = 72) -> str:
    """Returns a title in lines that fit a figure, three at most."""
    return textwrap.fill(visible(text), width, max_lines=3, placeholder="…")


def add_names(
    ax: Axes, legend: Sequence[tuple[str, str]], label: str = "", most: int = 20
) -> None:
    """Writes the whole names of shortened ones below an axis, `most` at most."""
    figure = ax.get_figure(root=True)
    width = int(_LETTERS * figure.get_figwidth()) if figure else 80
    named = [
        f"{short.split(':')[0]}: {_middle(name, _LONGEST)}" for short, name in legend
    ]
    lines = [label, *named[:most]]
    if len(legend) > most:
        lines.append(f"... and {len(legend) - most} more long names, in the JSON file")
    text = "\n".join(
        part for line in lines if line for part in textwrap.wrap(line, width)
    )
    if text:
        size = 6 if legend else None
        ax.set_xlabel(text, ha="left", x=0.0, ma="left", fontsize=size)
