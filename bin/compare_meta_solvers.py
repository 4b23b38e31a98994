"""Meta-solvers side by side: on one stored table, or as whole PSRO runs.

python -m bin.compare_meta_solvers --payoffs=meta_game.nfg --solvers=all
python -m bin.compare_meta_solvers --task=echo --budget=smoke --solvers=nash,uniform
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from absl import flags

from psro_comm.command import request as command_line
from psro_comm.command.plan import plan_study
from psro_comm.command.shell import run_main
from psro_comm.disk.files import encode_json, make_folder, write_atomic
from psro_comm.metagame.comparison import chosen, compare
from psro_comm.metagame.formats.files import read_meta_game
from psro_comm.reports.comparison import render_comparison
from psro_comm.reports.figures.meta_solvers import plot_study
from psro_comm.reports.meta_solvers import render_study
from psro_comm.studies.meta_solvers import checked_study, study

Compared = tuple[dict[str, Any], str, Path]  # data, words, where they go

command_line.define()
flags.DEFINE_string("payoffs", None, "A .csv, .json or .nfg file; without, PSRO runs.")
flags.DEFINE_list("solvers", ["nash", "uniform", "prd"], "Meta-solvers, or all.")
flags.DEFINE_integer("resamples", 20, "Resamples that each solver solves again.", 0)
flags.DEFINE_list("seeds", None, "Seeds of the PSRO runs (default: --seed).")
flags.DEFINE_string("out", None, "A .json file (default: beside the table or runs).")


def main(_: list[str]) -> None:
    """Compares and prints."""
    given = flags.FLAGS
    names = chosen(given.solvers)
    if given.out is not None and Path(given.out).suffix != ".json":
        raise ValueError(f"--out is {given.out!r}, must be a .json file")
    compared = _runs if given.payoffs is None else _table
    if (done := compared(names)) is None:  # a dry run
        return
    result, words, out = done
    make_folder(out.parent)
    write_atomic(out, encode_json(result))
    print(f"{words}\n\nSaved: {out}")


def _table(names: Sequence[str]) -> Compared | None:
    """Compares on the stored table."""
    given = flags.FLAGS
    idle = (*command_line.settings(), "run", "runs_dir", "workers", "seeds")
    command_line.refuse(idle, "beside --payoffs")
    path = Path(given.payoffs)
    game = read_meta_game(path)
    out = Path(given.out or path.with_name(f"solvers-{path.stem}.json"))
    if given.dry_run:
        rows, columns = game.mean.shape
        print(
            f"{', '.join(names)} on {path}, {rows} by {columns}, and on"
            f" {given.resamples} resamples of it; seconds; to {out}"
        )
        return None
    rng = np.random.default_rng(given.seed)
    result = compare(game, names, rng, num_samples=given.resamples)
    return result, render_comparison(result), out


def _runs(names: Sequence[str]) -> Compared | None:
    """Compares whole PSRO runs."""
    given = flags.FLAGS
    command_line.refuse(["resamples"], "without --payoffs", but_defaults=True)
    command_line.refuse(["psro.meta_solver"], "beside --solvers")
    seeds = command_line.seeds(given.seeds)
    request = command_line.request("solvers")
    checked_study(request, names, seeds)
    if given.dry_run:
        print(plan_study(request, names, seeds))
        return None
    result = study(request, names, seeds)
    out = Path(given.out or request.runs_dir / f"{request.run}.json")
    make_folder(out.parent)
    plot_study(result, out.with_suffix(""), request.config.task)
    return result, render_study(result), out


if __name__ == "__main__":
    run_main(main)
