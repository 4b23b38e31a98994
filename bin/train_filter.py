"""Trains one message filter against an attack (eq. 2), and measures it on fresh worlds.

python -m bin.train_filter --against=attack --team=team --run=filter
python -m bin.train_filter --against=attack --filter.detector=random --run=ablation
"""

from typing import TYPE_CHECKING

from absl import flags

from psro_comm.command.shell import run_main
from psro_comm.command.training import define_training, train

if TYPE_CHECKING:
    from psro_comm.disk.store import RunStore
    from psro_comm.metagame.rows import Trained

define_training("filter")
_WORDS = "RUN, RUN/POLICY, psro:RUN or noise@2."
flags.DEFINE_string("against", None, f"Attack to defend against: {_WORDS}")
flags.mark_flag_as_required("against")


def main(_: list[str]) -> None:
    """Trains the filter and prints what it does."""
    train("filter", flags.FLAGS.against, _tell)


def _tell(store: "RunStore", trained: "Trained", command: str) -> None:
    """Prints what was trained does, and writes its page."""
    from psro_comm.reports.pages.studies import training_page
    from psro_comm.reports.terminal import render_training

    files = training_page(store, trained).save(store.root, command)
    print(f"{render_training(trained)}\n\nSaved:", ", ".join(map(str, files)))


if __name__ == "__main__":
    run_main(main)
