"""Meta-solvers side by side on one stored payoff table, without training.

python -m bin.compare_meta_solvers --payoffs=meta_game.nfg --solvers=all
"""

from pathlib import Path

import numpy as np
from absl import flags

from psro_comm.compare_solvers import chosen, compare, render_comparison
from psro_comm.exchange import read_meta_game
from psro_comm.files import encode_json, write_atomic
from psro_comm.shell import run_main

flags.DEFINE_string("payoffs", None, "A .csv, .json or .nfg file.", required=True)
flags.DEFINE_list("solvers", ["all"], "Names of meta-solvers, or all.")
flags.DEFINE_integer("resamples", 20, "Resamples that each solver solves again.", 0)
flags.DEFINE_integer("seed", 0, "Of the resampling.", 0)
flags.DEFINE_string("out", None, "A .json file (default: beside the table).")


def main(_: list[str]) -> None:
    """Compares and prints."""
    given = flags.FLAGS
    path = Path(given.payoffs)
    names = chosen(given.solvers)
    result = compare(
        read_meta_game(path),
        names,
        np.random.default_rng(given.seed),
        num_samples=given.resamples,
    )
    out = Path(given.out or path.with_name(f"solvers-{path.stem}.json"))
    write_atomic(out, encode_json(result))
    print(render_comparison(result))
    print(f"\nSaved: {out}")


if __name__ == "__main__":
    run_main(main)
