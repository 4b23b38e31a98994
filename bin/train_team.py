"""Trains a team that talks, and measures what it loses when its messages are zeroed.

python -m bin.train_team --task=predator_prey_p05 --run=team
"""

from absl import flags

from psro_comm.command import request as command_line
from psro_comm.command.plan import plan
from psro_comm.command.shell import run_main
from psro_comm.lab.session import open_lab

command_line.define("evaluation.episodes")
flags.DEFINE_boolean(
    "ceilings", False, "Print what is left with each agent's messages replaced, too."
)


def main(_: list[str]) -> None:
    """Trains (or continues) the team and prints the gate."""
    request = command_line.request()
    if command_line.FLAGS.dry_run:
        print(plan(request, "team"))
        return
    from psro_comm.reports.teams.words import certificate_section
    from psro_comm.reports.terminal import render_ceilings, render_gate
    from psro_comm.studies.ceilings import ceilings
    from psro_comm.studies.certificate import certify, is_ensemble
    from psro_comm.studies.story import Story

    with open_lab(request) as lab:
        gate = Story(lab).gate()
        asked, episodes = flags.FLAGS.ceilings, request.config.evaluation.episodes
        replaced = ceilings(lab, episodes) if asked else []
        certain = {}
        if is_ensemble(lab.team()):
            certain = {request.run: certify(lab, "gate")}
        root = lab.store.root
    print(render_gate(gate))
    if replaced:
        print(f"\n{render_ceilings(replaced)}")
    if sure := certificate_section(certain, {}):
        print(f"\n{sure.as_text()}")
    print(f"\nSaved: {root / 'team.safetensors'}, {root / 'gate.json'}")


if __name__ == "__main__":
    run_main(main)
