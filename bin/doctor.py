"""Checks that this machine is ready, and names the command that mends what is not.

python -m bin.doctor
python -m bin.doctor --smac
"""

import sys
from pathlib import Path

from psro_comm.command.doctor import WRONG, examine

try:
    from absl import flags

    from psro_comm.command.shell import run_main
except ImportError:
    sys.exit("wrong absl-py is missing, and with it all else: make setup")

flags.DEFINE_boolean("smac", False, "Whether StarCraft II must be ready, too.")


def main(_: list[str]) -> None:
    """Prints what was found; fails if something that is needed is wrong."""
    found = examine(Path(__file__).resolve().parent.parent, smac=flags.FLAGS.smac)
    print("\n".join(map(str, found)))
    wrong = sum(finding.state == WRONG for finding in found)
    if wrong:
        things = "thing" if wrong == 1 else "things"
        raise ValueError(f"{wrong} {things} to mend, each with its command above")


if __name__ == "__main__":
    run_main(main)
