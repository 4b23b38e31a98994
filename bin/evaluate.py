r"""Plays any filters against any attacks, and prints their returns with intervals.

python -m bin.evaluate --task=echo --budget=smoke \
        --attacks=none,noise,psro:a --filters=none,psro:a \
        --threat.knowledge=white_box
"""

from absl import flags

from oracles.strategies.registry import ATTACKS, FILTERS
from psro_comm.command import request as command_line
from psro_comm.command.plan import plan_cells
from psro_comm.command.shell import run_main
from psro_comm.lab.session import open_lab

_SIDES = (*command_line.untrained("attack"), *command_line.untrained("filter"))
command_line.define("threat", "evaluation", *_SIDES)
_OTHERS = "untrained, RUN, RUN/POLICY, psro:RUN; noise@2.5 is noise of that size"
flags.DEFINE_list(
    "attacks", ["none", "noise"], f"Attacks: {', '.join(ATTACKS)}, {_OTHERS}."
)
_TEAMS = "Runs bring their teams; RUN+FILTER is the team of RUN behind any filter."
flags.DEFINE_list(
    "filters", ["none"], f"Filters: {', '.join(FILTERS)}, {_OTHERS}. {_TEAMS}"
)


def main(_: list[str]) -> None:
    """Plays the table and prints it."""
    attacks, filters = flags.FLAGS.attacks, flags.FLAGS.filters
    named = command_line.named_players(attack=attacks, filter=filters)
    request = command_line.request("evaluation", named, teams=True)
    if flags.FLAGS.dry_run:
        print(plan_cells(request, len(attacks) * len(filters)))
        return
    from psro_comm.reports.terminal import render_crossplay
    from psro_comm.studies.crossplay import cross_play

    with open_lab(request) as lab:
        result = cross_play(lab, attacks, filters, request.runs_dir)
        path = lab.store.root / f"{result.name}.json"
    print(render_crossplay(result))
    print(f"\nSaved: {path}")


if __name__ == "__main__":
    run_main(main)
