"""Trains one message filter against an attack (eq. 2), and measures it on fresh worlds.

python -m bin.train_filter --against=attack --team=team --run=filter
python -m bin.train_filter --against=attack --filter.detector=random --run=ablation
"""

from absl import flags

from psro_comm.command.shell import run_main
from psro_comm.command.training import define_training, train

define_training("filter")
_WORDS = "RUN, RUN/POLICY, psro:RUN or noise@2."
flags.DEFINE_string("against", None, f"Attack to defend against: {_WORDS}")
flags.mark_flag_as_required("against")


def main(_: list[str]) -> None:
    """Trains the filter and prints what it does."""
    if (result := train("filter", flags.FLAGS.against)) is not None:
        from psro_comm.reports.terminal import render_training

        print(render_training(result))


if __name__ == "__main__":
    run_main(main)
