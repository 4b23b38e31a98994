"""Analyses the table of a file or a run, and saves numbers, words and figures."""

import base64
import html
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from psro_comm.disk.files import encode_json, make_folder, read_bytes
from psro_comm.disk.files import write_atomic as write_file
from psro_comm.disk.tables import history, saved_as, table_of
from psro_comm.metagame.analysis import analyse, resampled_games
from psro_comm.metagame.formats.files import DEFAULT
from psro_comm.metagame.formats.options import Options
from psro_comm.metagame.general.files import ONLY_ZERO_SUM, read_game
from psro_comm.metagame.iteration import Iteration
from psro_comm.metagame.meta_game import MetaGame
from psro_comm.reports.pages.frame import Part, box, page, section_part
from psro_comm.reports.tables.latex import latex_table
from psro_comm.reports.tables.refining import Refining, refined, refinement_section
from psro_comm.reports.tables.sections import analysis_sections
from psro_comm.reports.text import Section, Sides, in_words, printable

PAGES = ("md", "tex", "html")
_MOST_TABLES = 300  # resampled ones, of which ratings are computed


class Analysis(NamedTuple):
    """What was found, in words, and how to draw it.

    Attributes:
      words: the analysis, and the files saved so far.
      draw: draws the figures and writes the pages; returns their files. It comes
        after the words, so that a figure that fails costs no number.
    """

    words: str
    draw: Callable[[], list[Path]]


class Look(NamedTuple):
    """What is drawn and written beside the numbers.

    Attributes:
      figures: whether to draw figures.
      pages: kinds of pages to write, some of `PAGES`.
      sides: what both players are called.
      population: whether to rate, map and draw the policies of both sides as well.
    """

    figures: bool = True
    pages: Sequence[str] = ()
    sides: Sides = Sides()
    population: bool = False


def analyze(
    source: str | Path,
    out: str | None,
    num_samples: int,
    meta_solver: str,
    look: Look,
    seed: int,
    refining: Refining = Refining(),  # noqa: B008
    options: Options = DEFAULT,
    reduction: Mapping[str, int] | None = None,
) -> Analysis:
    """Analyses a table, saves `analysis.json`, and returns the words.

    Args:
      source: a file, the folder of a run, or `openspiel:NAME`.
      out: folder of the results; None is beside the table.
      num_samples: number of resamples.
      meta_solver: name of the solver whose mixtures are judged.
      look: what to draw and write beside the numbers.
      seed: seed of the resamples.
      refining: how to refine the table before.
      options: how to read what is ambiguous in a file.
      reduction: players by role to which a role-symmetric game is reduced.

    Raises:
      ValueError: no such file or run, or no game.
    """
    source = Path(source)
    path = table_of(source)
    game, name = read_game(path, options, reduction), saved_as(path, out)
    if not isinstance(game, MetaGame):
        _check_general(path, meta_solver, look, refining)
        # Imported here and below: what others need not is not loaded.
        from psro_comm.reports.tables.general import analyze_general, draw_general

        make_folder(name.parent)
        general = analyze_general(game, name, num_samples, seed)
        plot = partial(draw_general, game, general.report, name)
        files = [name.with_name(f"{name.name}.json")]
        return _analysis(game.title, general.sections, name, look, plot, files)
    make_folder(name.parent)
    game, found, files = refined(game, path, name, refining, seed)
    rng = np.random.default_rng(seed)
    report = analyse(game, rng, num_samples=num_samples, meta_solver=meta_solver)
    asked = source.is_dir() and (look.figures or look.population)
    steps = [Iteration.from_dict(each) for each in (history(source) if asked else [])]
    if look.population:
        from psro_comm.metagame.population.analysis import describe

        tables = resampled_games(game, rng, min(num_samples, _MOST_TABLES))
        report["population"] = describe(game, tables, steps)
    if found is not None:
        report["refinement"] = found
    files.append(name.with_name(f"{name.name}.json"))
    write_file(files[-1], encode_json(report))
    figures = partial(_draw, game, report, steps, name, look.sides)
    sections = _sections(report, look.sides)
    return _analysis(report["title"], sections, name, look, figures, files)


def _check_general(path: Path, meta_solver: str, look: Look, how: Refining) -> None:
    """Refuses what has no effect on a game that is not two-player zero-sum."""
    if meta_solver != "nash" or look.sides != Sides() or look.population:
        raise ValueError(
            "--meta_solver, --population, --row_name and --column_name have no effect"
            f" on {path}: {ONLY_ZERO_SUM}"
        )
    if how.width is not None or how.results:
        raise ValueError(
            f"--refine and --results have no effect on {path}: {ONLY_ZERO_SUM}"
        )


def _analysis(
    title: str,
    sections: Sequence[Section],
    name: Path,
    look: Look,
    plot: Callable[[], list[Path]],
    files: Sequence[Path],
) -> Analysis:
    """Returns the words of sections that are saved, and how to draw and write them."""

    def draw() -> list[Path]:
        figures, failure = [], None
        try:
            figures = plot() if look.figures else []
        except Exception as error:  # whatever a name or a backend does to a figure
            failure = error
        drawn = figures + _write(title, sections, look.pages, name, figures)
        if failure is not None:
            reason = printable(str(failure).strip().partition("\n")[0])
            raise ValueError(f"a figure failed: {reason}; all else is saved")
        return drawn

    return Analysis(
        f"{in_words(sections)}\n\nSaved: {', '.join(map(str, files))}", draw
    )


def checked_pages(kinds: Sequence[str]) -> list[str]:
    """Returns the kinds of pages, if there are such.

    Raises:
      ValueError: an unknown kind.
    """
    for kind in kinds:
        if kind not in PAGES:
            raise ValueError(f"--pages has {kind!r}, allowed: {', '.join(PAGES)}")
    return list(kinds)


def checked_sides(row: str, column: str) -> Sides:
    """Returns the names of both players, if they can be told apart.

    Raises:
      ValueError: a name is empty, or both are the same.
    """
    for flag, name in (("row_name", row), ("column_name", column)):
        if not name.strip() or not name.isprintable():
            raise ValueError(f"--{flag} is {name!r}, must be a name on one line")
    if row == column:
        raise ValueError(f"--row_name and --column_name are both {row!r}, must differ")
    return Sides(row, column)


def render_analysis(report: Mapping[str, Any], sides: Sides = Sides()) -> str:  # noqa: B008
    """Returns in words the value, then both sides, then the value's uncertainty."""
    return in_words(_sections(report, sides))


def _sections(report: Mapping[str, Any], sides: Sides) -> list[Section]:
    found = analysis_sections(report, sides)
    if "population" in report:
        from psro_comm.reports.tables.population import population_sections

        found += population_sections(report["population"], sides)
    if "refinement" in report:
        found.append(refinement_section(report["refinement"]))
    return found


def _draw(
    game: MetaGame,
    report: Mapping[str, Any],
    steps: Sequence[Iteration],
    name: Path,
    sides: Sides,
) -> list[Path]:
    # Words alone need no matplotlib, which takes a second to load.
    from psro_comm.reports.figures.analysis import plot_iterations
    from psro_comm.reports.figures.meta_game import plot_meta_game

    x, y = (
        np.array([each["weight"] for each in report[side]])
        for side in ("defenders", "attackers")
    )
    drawn = plot_meta_game(game, x, y, name.with_name(f"{name.name}-payoffs"), sides)
    if steps:
        drawn += plot_iterations(
            steps, name.with_name(f"{name.name}-iterations"), sides
        )
    if "alpha_rank" in report:
        from psro_comm.reports.figures.response_graph import plot_response_graph

        graph = name.with_name(f"{name.name}-responses")
        drawn += plot_response_graph(game, graph, sides)
    if "population" in report:
        from psro_comm.reports.figures.phase import plot_zero_sum_phase
        from psro_comm.reports.figures.population import plot_population

        drawn += plot_population(report["population"], name, game.title, sides)
        phase = name.with_name(f"{name.name}-phase")
        drawn += plot_zero_sum_phase(game, x, y, phase)
    return drawn


def _write(
    title: str,
    sections: Sequence[Section],
    pages: Sequence[str],
    name: Path,
    figures: Sequence[Path],
) -> list[Path]:
    """Writes the sections as pages of these kinds, and returns their files."""
    shown = [figure for figure in figures if figure.suffix == ".png"]
    texts = {
        "md": lambda: "\n\n".join(
            [*(each.as_markdown({}) for each in sections)]
            + [f"![{figure.stem}]({figure.name})" for figure in shown]
        ),
        "tex": lambda: "\n\n".join(map(latex_table, sections)),
        "html": lambda: page(
            title,
            [*map(section_part, sections), *_pictures(shown)],
        ),
    }
    written = []
    for kind in pages:
        written.append(name.with_name(f"{name.name}.{kind}"))
        write_file(written[-1], (texts[kind]() + "\n").encode())
    return written


def _pictures(figures: Sequence[Path]) -> list[Part]:
    """Returns the pictures of a page, which itself holds them; none for no picture."""
    shown = []
    for figure in figures:
        data = base64.b64encode(read_bytes(figure)).decode()
        img = (
            f'<img alt="{html.escape(figure.stem)}" src="data:image/png;base64,{data}">'
        )
        shown.append(f"<figure>{box(img, figure.stem)}</figure>")
    return [Part("Pictures", "\n".join(shown))] if shown else []
