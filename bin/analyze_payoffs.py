"""What a payoff table says and how sure it is: of a run, or of any file.

python -m bin.analyze_payoffs --payoffs=meta_game.csv
python -m bin.analyze_payoffs --run=a --refine --width=0.5

With --refine, all settings are those that the run was begun with.
"""

from absl import flags

from psro_comm import command_line
from psro_comm.analysis_command import analyze
from psro_comm.session import open_lab
from psro_comm.shell import run_main

command_line.define()
flags.DEFINE_string("payoffs", None, "A .csv, .json or .nfg file, instead of --run.")
flags.DEFINE_string("out", None, "Folder of the results (default: beside the table).")
flags.DEFINE_integer("resamples", 1000, "Resamples of the table.", 2)
flags.DEFINE_string("meta_solver", "nash", "Whose mixtures are judged.")
flags.DEFINE_boolean("figures", True, "Draw the heat map and the iterations.")
flags.DEFINE_boolean("refine", False, "With a run: play on until --width is reached.")
flags.DEFINE_float("width", 1.0, "Half-width of the value's interval to reach.", 0.0)


def main(_: list[str]) -> None:
    """Analyses a table and prints what it says."""
    given = flags.FLAGS
    if (given.payoffs is None) == (given.run is None):
        raise ValueError("give one of --payoffs=FILE and --run=NAME")
    if given.refine and given.run is None:
        raise ValueError("--refine plays new episodes: it needs --run=NAME")
    options = (given.resamples, given.meta_solver, given.figures, given.seed)
    if given.refine:
        with open_lab(command_line.begun()) as lab:
            print(analyze(lab.store.root, given.out, *options, lab, given.width))
    else:
        source = given.payoffs or f"{given.runs_dir}/{given.run}"
        print(analyze(source, given.out, *options))


if __name__ == "__main__":
    run_main(main)
