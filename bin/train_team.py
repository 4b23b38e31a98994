"""Trains a team that talks, and measures what it loses when its messages are zeroed.

python -m bin.train_team --task=predator_prey_p05 --run=team
"""

from psro_comm.command import request as command_line
from psro_comm.command.plan import plan
from psro_comm.command.shell import run_main
from psro_comm.lab.session import open_lab

command_line.define("evaluation.episodes")


def main(_: list[str]) -> None:
    """Trains (or continues) the team and prints the gate."""
    request = command_line.request()
    if command_line.FLAGS.dry_run:
        print(plan(request, "team"))
        return
    from psro_comm.reports.terminal import render_gate
    from psro_comm.studies.story import Story

    with open_lab(request) as lab:
        gate = Story(lab).gate()
        lab.store.set_status("done", 1.0)
        root = lab.store.root
    print(render_gate(gate))
    print(f"\nSaved: {root / 'team.safetensors'}, {root / 'gate.json'}")


if __name__ == "__main__":
    run_main(main)
