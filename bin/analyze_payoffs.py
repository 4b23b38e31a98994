"""Analyses a payoff table of a run or a file: value, mixtures, regrets, intervals.

python -m bin.analyze_payoffs --payoffs=meta_game.csv
python -m bin.analyze_payoffs --payoffs=openspiel:matrix_pd
python -m bin.analyze_payoffs --run=a --refine --width=0.5
python -m bin.analyze_payoffs --payoffs=meta_game.csv --refine --width=0.5

With --refine a run plays new episodes, with the settings with which it was begun; of a
file it says in a list which ones to play, and takes them as --results.
"""

from contextlib import nullcontext
from pathlib import Path

from absl import flags

from psro_comm.command import request as command_line
from psro_comm.command.common import folder_of_runs
from psro_comm.command.payoff_files import (
    KINDS,
    READING,
    define_reading,
    reading_options,
)
from psro_comm.command.shell import run_main
from psro_comm.lab.session import open_lab, read_run
from psro_comm.metagame.solvers import META_SOLVERS

_RUNNERS = ("workers", "executor", "ray.address")
command_line.define_common("plugin", "run", "runs_dir", *_RUNNERS, "dry_run")
flags.DEFINE_string("payoffs", None, f"Table ({KINDS}) or openspiel:NAME, not --run.")
define_reading()
flags.DEFINE_string(
    "reduction",
    None,
    "Role-symmetric file: players of each role in a smaller game that keeps the gains"
    " of single deviations, such as buyers:3,sellers:3.",
)
flags.DEFINE_string("out", None, "Folder of the results (default: beside the table).")
flags.DEFINE_integer("resamples", 1000, "Number of resamples of the table.", 2)
flags.DEFINE_integer("seed", 0, "Seed of the resamples.", 0)
flags.DEFINE_enum(
    "meta_solver", "nash", list(META_SOLVERS), "Solver whose mixtures are judged."
)
flags.DEFINE_boolean("figures", True, "Draw the heat map and the iterations.")
flags.DEFINE_boolean(
    "population",
    False,
    "Rate both sides' policies, and draw their map, layers and diversity.",
)
flags.DEFINE_list("pages", [], "Kinds of pages to write as well: md, tex, html.")
flags.DEFINE_string("row_name", "defender", "What the row player is called.")
flags.DEFINE_string("column_name", "attacker", "What the column player is called.")
flags.DEFINE_boolean(
    "refine", False, "Play, or list, episodes until --width is reached."
)
flags.DEFINE_float(
    "width", 1.0, "Half-width of the value's interval to reach, in returns.", 0.0
)
flags.DEFINE_list(
    "results", [], "With --payoffs: files of episodes played since, by the list."
)


def main(_: list[str]) -> None:
    """Analyses the table and prints what it says."""
    given = flags.FLAGS
    command_line.load_plugins()
    if (given.payoffs is None) == (given.run is None):
        raise ValueError("give one of --payoffs=FILE and --run=NAME")
    if not given.refine:
        command_line.refuse(["width"], "without --refine")
    if given.payoffs is not None:
        command_line.refuse(["runs_dir", *_RUNNERS], "beside --payoffs")
    else:
        command_line.refuse([*READING, "results", "reduction"], "without --payoffs")
        read_run(folder_of_runs(), given.run)
        if not given.refine:
            command_line.refuse(_RUNNERS, "without --refine")
    playing = given.refine and given.run is not None
    request = command_line.begun() if playing else None
    source = given.payoffs or f"{given.runs_dir}/{given.run}"
    from psro_comm.command.outline import outline
    from psro_comm.metagame.general.files import reduction_of
    from psro_comm.reports.tables.analysis import (
        Look,
        analyze,
        checked_pages,
        checked_sides,
    )
    from psro_comm.reports.tables.refining import Refining

    how, reduction = reading_options(), reduction_of(given.reduction)
    width = given.width if given.refine else None
    sides = checked_sides(given.row_name, given.column_name)
    look = Look(given.figures, checked_pages(given.pages), sides, given.population)
    if given.dry_run:
        config = request.config if request else None
        asked = None if width is None else (config, width)
        told = source, given.out, given.resamples, how, reduction
        print(outline(*told, refined=asked))
        return
    options = (given.resamples, given.meta_solver, look, given.seed)
    results = [Path(each) for each in given.results]
    with open_lab(request) if request else nullcontext() as lab:
        refining = Refining(width, lab, results)
        found = analyze(source, given.out, *options, refining, how, reduction)
    print(found.words, flush=True)  # first: a figure that fails costs no number
    drawn = found.draw()
    if drawn:
        print(f"Drawn: {', '.join(map(str, drawn))}")


if __name__ == "__main__":
    run_main(main)
