"""Compares options of PSRO's best responses on a game of known value, over seeds.

python -m bin.study_options --game=signalling_weak --compare=plain,warm_start --run=warm
"""

from absl import flags

from psro_comm.command.common import folder_of_runs
from psro_comm.command.request import define_common, refuse
from psro_comm.command.shell import run_main
from psro_comm.lab.session import open_store
from psro_comm.settings import growth
from psro_comm.validation.registry import KNOWN_GAMES, OPTIONS

flags.DEFINE_enum("game", "signalling", sorted(KNOWN_GAMES), "Game that is played.")
flags.DEFINE_list(
    "compare", list(OPTIONS), f"Options to compare: {', '.join(OPTIONS)}."
)
flags.DEFINE_integer("seeds", 10, "Number of seeds, from --seed on.", 2)
flags.DEFINE_integer("trainings", 12, "Trainings in each run, of both sides.", 2)
flags.DEFINE_integer("worlds", 1000, "Worlds that each cell is played in.", 2)
flags.DEFINE_integer("seed", 0, "First of the seeds.", 0)
flags.DEFINE_string("run", None, "Name of the run that keeps the result.")
define_common("runs_dir")


def main(_: list[str]) -> None:
    """Runs every option on every seed, and prints the differences."""
    given = flags.FLAGS
    if given.run is None:
        refuse(["runs_dir"], "without --run")
    from psro_comm.reports.validation import render_options
    from psro_comm.validation.options import study_options

    names = ("game", "worlds", "seed", "seeds", "trainings", "compare")
    asked = {name: given[name].value for name in names}
    seeds = range(given.seed, given.seed + given.seeds)
    budget = (given.trainings, given.worlds)
    with open_store(folder_of_runs(), given.run, asked, growth.OPTIONS) as store:
        result = study_options(given.game, given.compare, seeds, *budget, store)
        print(render_options(result))
    if store is not None:
        print(f"\nSaved: {store.root / 'options.json'}")


if __name__ == "__main__":
    run_main(main)
