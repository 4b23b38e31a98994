"""Compares meta-solvers on one stored payoff table, without any training.

python -m bin.compare_meta_solvers --payoffs=meta_game.nfg --solvers=all
"""

from pathlib import Path

import numpy as np
from absl import flags

from psro_comm.command.payoff_files import KINDS, define_reading, reading_options
from psro_comm.command.request import define_common, json_file, load_plugins
from psro_comm.command.shell import run_main

define_common("plugin", "dry_run")
flags.DEFINE_string("payoffs", None, f"Table ({KINDS}).", required=True)
define_reading()
flags.DEFINE_list(
    "solvers", ["nash", "uniform", "prd"], "Names of meta-solvers, or all."
)
flags.DEFINE_integer(
    "resamples", 20, "Resamples of the table that each solver also solves.", 0
)
flags.DEFINE_integer("seed", 0, "Seed of the resamples.", 0)
flags.DEFINE_string("out", None, "A .json file (default: beside the table).")


def main(_: list[str]) -> None:
    """Compares the solvers, and prints and saves the result."""
    from psro_comm.disk.files import encode_json, make_folder, write_atomic
    from psro_comm.metagame.comparison import chosen, compare
    from psro_comm.metagame.formats.files import read_meta_game
    from psro_comm.reports.tables.comparison import render_comparison

    given = flags.FLAGS
    load_plugins()
    names, path = chosen(given.solvers), Path(given.payoffs)
    out = json_file(given.out, path.with_name(f"solvers-{path.stem}.json"))
    game = read_meta_game(path, reading_options())
    if given.dry_run:
        rows, columns = game.mean.shape
        print(
            f"{', '.join(names)} on {path}, {rows} by {columns}, and on"
            f" {given.resamples} resamples of it; seconds; to {out}"
        )
        return
    rng = np.random.default_rng(given.seed)
    result = compare(game, names, rng, num_samples=given.resamples)
    make_folder(out.parent)
    write_atomic(out, encode_json(result))
    print(f"{render_comparison(result)}\n\nSaved: {out}")


if __name__ == "__main__":
    run_main(main)
