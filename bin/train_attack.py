"""Trains one attack against a filter (eq. 1) and measures it on fresh worlds.

python -m bin.train_attack --task=predator_prey_p05 --team=team --run=attack
python -m bin.train_attack --against=psro:a --team=a --run=breaker
"""

from typing import TYPE_CHECKING

from absl import flags

from psro_comm.command.shell import run_main
from psro_comm.command.training import define_training, train

if TYPE_CHECKING:
    from psro_comm.disk.store import RunStore
    from psro_comm.metagame.rows import Trained

define_training("attack")
flags.DEFINE_string(
    "against", "none", "Filter to attack: none, RUN, RUN/POLICY or psro:RUN."
)


def main(_: list[str]) -> None:
    """Trains the attack and prints what it does."""
    train("attack", flags.FLAGS.against, _tell)


def _tell(store: "RunStore", trained: "Trained", command: str) -> None:
    """Prints what was trained does, and writes its page."""
    from psro_comm.reports.pages.studies import training_page
    from psro_comm.reports.terminal import render_training

    files = training_page(store, trained).save(store.root, command)
    print(f"{render_training(trained)}\n\nSaved:", ", ".join(map(str, files)))


if __name__ == "__main__":
    run_main(main)
