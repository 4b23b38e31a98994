"""Trains one message filter against an attack (eq. 2) and measures it.

python -m bin.train_filter --against=attack --team=team --run=filter
python -m bin.train_filter --against=attack --filter.detector=random --run=ablation
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
    "against", None, "Attack to defend against: RUN, RUN/POLICY, psro:RUN or noise@2."
)
flags.mark_flag_as_required("against")


def main(_: list[str]) -> None:
    """Trains and prints."""
    against = command_line.FLAGS.against
    request = with_team_of(command_line.request("filter"), {"attack": [against]})
    if command_line.FLAGS.dry_run:
        print(plan(request, "filter"))
        return
    with open_lab(request) as lab:
        result = train_against(lab, "filter", against, request.runs_dir)
    print(render_training(result))


if __name__ == "__main__":
    run_main(main)
