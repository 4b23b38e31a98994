"""Meta-solvers side by side: on one stored table, or as whole PSRO runs.

python -m bin.compare_meta_solvers --payoffs=meta_game.nfg --solvers=all
python -m bin.compare_meta_solvers --task=echo --budget=smoke --solvers=nash,uniform
"""

from pathlib import Path

import numpy as np
from absl import flags

from psro_comm import command_line
from psro_comm.compare_solvers import chosen, compare, render_comparison
from psro_comm.exchange import read_meta_game
from psro_comm.files import encode_json, write_atomic
from psro_comm.shell import run_main
from psro_comm.solver_study import render_study, study
from psro_comm.study_plots import plot_study

command_line.define()
flags.DEFINE_string("payoffs", None, "A .csv, .json or .nfg file; without, PSRO runs.")
flags.DEFINE_list("solvers", ["nash", "uniform", "prd"], "Meta-solvers, or all.")
flags.DEFINE_integer("resamples", 20, "Resamples that each solver solves again.", 0)
flags.DEFINE_list("seeds", ["0"], "Seeds of the PSRO runs.")
flags.DEFINE_string("out", None, "A .json file (default: beside the table or runs).")


def main(_: list[str]) -> None:
    """Compares and prints."""
    given = flags.FLAGS
    names = chosen(given.solvers)
    if given.payoffs is not None:
        path = Path(given.payoffs)
        rng = np.random.default_rng(given.seed)
        game = read_meta_game(path)
        result = compare(game, names, rng, num_samples=given.resamples)
        words = render_comparison(result)
        out = path.with_name(f"solvers-{path.stem}.json")
    else:
        request = command_line.request("solvers")
        result = study(request, names, [int(seed) for seed in given.seeds])
        words = render_study(result)
        out = request.runs_dir / f"{request.run}.json"
        plot_study(result, Path(given.out or out).with_suffix(""), request.config.task)
    out = Path(given.out or out)
    write_atomic(out, encode_json(result))
    print(f"{words}\n\nSaved: {out}")


if __name__ == "__main__":
    run_main(main)
