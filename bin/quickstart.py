"""Runs the paper's whole experiment on one task, and reports a verdict.

It trains a team that talks, an attack, a filter, a fresh attacker on that filter, and
R-MACRL; then it compares the defenders under attack.

python -m bin.quickstart --task=predator_prey_p05
"""

from psro_comm.command import request as command_line
from psro_comm.command.again import again
from psro_comm.command.plan import plan_story
from psro_comm.command.shell import run_main
from psro_comm.lab.session import open_lab

_SIDES = (*command_line.trained("attack"), *command_line.trained("filter"))
command_line.define("threat", *_SIDES, "psro", "evaluation")


def main(_: list[str]) -> None:
    """Runs the story and prints its report."""
    request = command_line.request()
    if command_line.FLAGS.dry_run:
        print(plan_story(request))
        return
    from psro_comm.reports.story import render, save_report
    from psro_comm.studies.story import Story

    with open_lab(request) as lab:
        report = (story := Story(lab)).tell()
        command = again("quickstart", request)
        files = save_report(lab.store.root, report, story.replays, command)
    print(render(report))
    print("\nSaved:", ", ".join(str(file) for file in files))


if __name__ == "__main__":
    run_main(main)
