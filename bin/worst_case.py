r"""Searches what defenders keep in the worst case, with a suite of attacks.

python -m bin.worst_case --task=echo --budget=smoke --team=a \
        --defenders=none,mute,norm@2,a/vanilla-filter,psro:a
"""

from absl import flags

from oracles.strategies.registry import FILTERS
from psro_comm.command import request as command_line
from psro_comm.command.plan import plan
from psro_comm.command.shell import run_main
from psro_comm.lab.session import open_lab

_SIDES = (*command_line.trained("attack"), *command_line.untrained("filter"))
_EPISODES = ("psro.episodes", "psro.restarts", "evaluation")
command_line.define("threat", *_EPISODES, *_SIDES, but=["attack.stop_return"])
flags.DEFINE_list(
    "defenders",
    ["none", "mute", "norm"],
    f"Filters to attack: {', '.join(FILTERS)}, untrained, RUN, RUN/POLICY, psro:RUN.",
)


def main(_: list[str]) -> None:
    """Runs the suite and prints what it leaves."""
    flag = {"filter": "defenders"}
    named = command_line.named_players(flag, filter=flags.FLAGS.defenders)
    request = command_line.request("worst-case", named)
    if flags.FLAGS.dry_run:
        print(plan(request, "suite", cells=len(flags.FLAGS.defenders)))
        return
    from psro_comm.reports.suite import render_suite
    from psro_comm.studies.suite import search

    with open_lab(request) as lab:
        found = search(lab, flags.FLAGS.defenders, request.runs_dir)
        path = lab.store.root / f"{found.name}.json"
    print(render_suite(found))
    print(f"\nSaved: {path}")


if __name__ == "__main__":
    run_main(main)
