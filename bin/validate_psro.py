"""Runs PSRO on a game of known value, and prints what it learned beside the truth.

python -m bin.validate_psro --game=signalling --iterations=6
"""

from typing import Any

from absl import flags

from psro_comm.command.common import folder_of_runs
from psro_comm.command.request import define_common, refuse
from psro_comm.command.shell import run_main
from psro_comm.lab.session import open_store
from psro_comm.metagame.solvers import META_SOLVERS
from psro_comm.settings import growth
from psro_comm.validation.registry import KNOWN_GAMES

flags.DEFINE_enum("game", "signalling", sorted(KNOWN_GAMES), "Game that is played.")
flags.DEFINE_enum("meta_solver", "nash", list(META_SOLVERS), "Solves the payoff table.")
flags.DEFINE_integer("iterations", 6, "Iterations of algorithm 1.", 1, 30)
flags.DEFINE_integer("worlds", 1000, "Worlds that each cell is played in.", 2)
flags.DEFINE_integer("seed", 0, "Seed of the game and of the run.", 0)
flags.DEFINE_string("run", None, "Name of the run that keeps the tables.")
define_common("runs_dir")


def main(_: list[str]) -> None:
    """Runs PSRO and prints what it finds, iteration by iteration."""
    given = flags.FLAGS
    if given.run is None:
        refuse(["runs_dir"], "without --run")
    from psro_comm.reports.validation import render_steps
    from psro_comm.validation.validate import validate

    names = ("worlds", "seed", "meta_solver", "iterations")
    options: dict[str, Any] = {name: given[name].value for name in names}
    game = KNOWN_GAMES[given.game](given.seed)
    asked = {"game": given.game, **options}
    with open_store(folder_of_runs(), given.run, asked, growth.VALIDATION) as store:
        print(render_steps(validate(game, **options, store=store), game.value))
    if store is not None:
        print(f"\nSaved: {store.root}")


if __name__ == "__main__":
    run_main(main)
