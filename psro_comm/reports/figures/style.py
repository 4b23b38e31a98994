"""Sets the look of all figures, and writes their files.

A figure is `<path>.svg` and `<path>.png`, and `<path>.pdf` where it is to be printed.
Colours are those of Okabe and Ito, which colour-blind readers tell apart.
"""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from PIL import Image

from psro_comm.disk.files import write_atomic

BLUE, ORANGE, GREEN = "#0072B2", "#E69F00", "#009E73"


VERMILLION, PURPLE = "#D55E00", "#CC79A7"


BLACK, GREY = "#222222", "#8C8C8C"


PALETTE = (BLUE, ORANGE, GREEN, VERMILLION, PURPLE, GREY, BLACK)  # for many lines
MARKERS = "osD^vPX"


SCREEN = ("svg", "png")
PRINT = (*SCREEN, "pdf")
FINE_DPI = 300  # of a PNG that is to be printed; it has no palette


_STYLE: Any = {
    "font.size": 9.0,
    "axes.titlesize": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "psro_comm",  # the same figure is the same file
    "text.parse_math": False,  # names are drawn as they are
}


_FINE: Any = {"svg.fonttype": "none"}


_DPI = 130


_COLOURS, _SOLID = 128, Image.Dither.NONE  # of a PNG


def add_legend(figure: Figure, ax: Axes, *, wrap: bool = False) -> None:
    """Adds one legend below all panels, of what is labelled in `ax`.

    Args:
      figure, ax: where it goes, and what it is about.
      wrap: whether names that any user chose are to fit in several lines.
    """
    handles, labels = ax.get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))
    columns = len(unique)
    if wrap:
        each = 0.7 + 0.075 * max(map(len, unique))  # inches
        columns = max(1, min(columns, int(figure.get_figwidth() / each)))
    place: Any = {"loc": "outside lower center", "ncols": columns}
    figure.legend(unique.values(), unique.keys(), frameon=False, **place)


@contextmanager
def new_figure(
    path: Path,
    size: tuple[float, float],
    kinds: Sequence[str] = SCREEN,
    *,
    fine: bool = False,
) -> Iterator[Figure]:
    """Yields a figure, and writes it in files of some kinds when it is drawn.

    Args:
      path: path of the files, without a suffix.
      size: width and height, in inches.
      kinds: suffixes of the files.
      fine: whether it is for print: PNG at `FINE_DPI` in all colours, SVG and PDF whose
        words are text.
    """
    with matplotlib.rc_context(_STYLE | (_FINE if fine else {})):
        layout = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.06)
        figure = Figure(figsize=size, layout=layout)
        yield figure
        for file in figure_files(path, kinds):
            data = io.BytesIO()
            if file.suffix == ".svg":
                figure.savefig(data, format="svg", metadata={"Date": None})
            elif file.suffix == ".pdf":
                figure.savefig(data, format="pdf", metadata={"CreationDate": None})
            elif fine:
                figure.savefig(data, format="png", dpi=FINE_DPI)
            else:  # With a palette, a third of the size: figures are kept in git.
                figure.savefig(raw := io.BytesIO(), format="png", dpi=_DPI)
                few = Image.open(raw).convert("RGB").quantize(_COLOURS, dither=_SOLID)
                few.save(data, format="png", optimize=True)
            figure.set_layout_engine(None)  # it stays: each layout costs a drawing
            write_atomic(file, data.getvalue())


def figure_files(path: Path, kinds: Sequence[str] = SCREEN) -> list[Path]:
    """Returns the files of a figure."""
    return [path.with_name(f"{path.name}.{kind}") for kind in kinds]
