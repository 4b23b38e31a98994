"""Trains one attack against a filter (eq. 1) and measures it on fresh worlds.

python -m bin.train_attack --task=predator_prey_p05 --team=team --run=attack
python -m bin.train_attack --against=psro:a --team=a --run=breaker
"""

from absl import flags

from psro_comm.command import request as command_line
from psro_comm.command.plan import plan
from psro_comm.command.shell import run_main
from psro_comm.lab.session import open_lab
from psro_comm.reports.terminal import render_training
from psro_comm.studies.players import with_team_of
from psro_comm.studies.training import train_against

command_line.define()
flags.DEFINE_string(
    "against", "none", "Filter to attack: none, RUN, RUN/POLICY or psro:RUN."
)


def main(_: list[str]) -> None:
    """Trains and prints."""
    against = command_line.FLAGS.against
    request = with_team_of(command_line.request("attack"), {"filter": [against]})
    if command_line.FLAGS.dry_run:
        print(plan(request, "attack"))
        return
    with open_lab(request) as lab:
        result = train_against(lab, "attack", against, request.runs_dir)
    print(render_training(result))


if __name__ == "__main__":
    run_main(main)
