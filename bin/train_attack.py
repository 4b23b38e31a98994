"""Trains one attack against a filter (eq. 1) and measures it on fresh worlds.

python -m bin.train_attack --task=predator_prey_p05 --team=team --run=attack
python -m bin.train_attack --against=psro:a --team=a --run=breaker
"""

from absl import flags

from psro_comm.command.shell import run_main
from psro_comm.command.training import define_training, train

define_training("attack")
flags.DEFINE_string(
    "against", "none", "Filter to attack: none, RUN, RUN/POLICY or psro:RUN."
)


def main(_: list[str]) -> None:
    """Trains the attack and prints what it does."""
    if (result := train("attack", flags.FLAGS.against)) is not None:
        from psro_comm.reports.terminal import render_training

        print(render_training(result))


if __name__ == "__main__":
    run_main(main)
