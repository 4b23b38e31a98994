"""PSRO on a game of known value: the learned lower bound beside the truth.

python -m bin.validate_psro --game=signalling --iterations=6
python -m bin.validate_psro --game=signalling_weak --compare=plain,warm_start --run=warm
"""

from pathlib import Path
from typing import Any

from absl import flags

from psro_comm.command.request import refuse
from psro_comm.command.shell import run_main
from psro_comm.disk.store import RunStore, run_path
from psro_comm.metagame.solvers import META_SOLVERS
from psro_comm.reports.validation import render_options, render_steps
from psro_comm.validation.known_games import KNOWN_GAMES
from psro_comm.validation.options import OPTIONS, study_options
from psro_comm.validation.validate import validate

flags.DEFINE_enum("game", "signalling", sorted(KNOWN_GAMES), "What is played.")
flags.DEFINE_enum("meta_solver", "nash", list(META_SOLVERS), "Solves the payoff table.")
flags.DEFINE_integer("iterations", 6, "Of algorithm 1.", 1, 30)
flags.DEFINE_integer("worlds", 1000, "Of each cell.", 2)
flags.DEFINE_integer("seed", 0, "Of everything.", 0)
flags.DEFINE_list("compare", None, f"Options to compare, of {', '.join(OPTIONS)}.")
flags.DEFINE_integer("seeds", 10, "With --compare: how many, from --seed.", 2)
flags.DEFINE_integer("trainings", 12, "With --compare: of each run, both sides.", 2)
flags.DEFINE_string("run", None, "Keep what is found under this name.")
flags.DEFINE_string("runs_dir", "runs", "Folder of all runs.")


def main(_: list[str]) -> None:
    """Runs and prints."""
    given = flags.FLAGS
    comparing = given.compare is not None
    if comparing:
        refuse(("meta_solver", "iterations"), "beside --compare")
    else:
        refuse(("seeds", "trainings"), "without --compare")
    if given.run is None:
        refuse(("runs_dir",), "without --run")
    names = ["worlds", "seed"]
    names += ["seeds", "trainings"] if comparing else ["meta_solver", "iterations"]
    options: dict[str, Any] = {name: given[name].value for name in names}
    play = _compared if comparing else _validated
    if given.run is None:
        print(play(options, None))
        return
    asked = {"compare": given.compare} if comparing else {}
    root = run_path(Path(given.runs_dir), given.run)
    with RunStore.open(root, {"game": given.game, **options, **asked}) as store:
        print(play(options, store))
    print(f"\nSaved: {root / 'options.json' if comparing else root}")


def _validated(options: dict[str, Any], store: RunStore | None) -> str:
    """What PSRO finds, iteration by iteration."""
    game = KNOWN_GAMES[flags.FLAGS.game](flags.FLAGS.seed)
    return render_steps(validate(game, **options, store=store), game.value)


def _compared(options: dict[str, Any], store: RunStore | None) -> str:
    """What options of the best responses bring."""
    given = flags.FLAGS
    seeds = range(given.seed, given.seed + given.seeds)
    budget = (given.trainings, given.worlds)
    return render_options(
        study_options(given.game, given.compare, seeds, *budget, store)
    )


if __name__ == "__main__":
    run_main(main)
