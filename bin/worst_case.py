r"""Searches what defenders keep in the worst case, with a suite of attacks.

python -m bin.worst_case --task=echo --budget=smoke --team=a \
        --defenders=none,mute,norm@2,a/vanilla-filter,psro:a --curves=cap,rate,liars

It writes JSON, pictures, and a web page that holds all of it.
"""

from absl import flags

from oracles.strategies.registry import FILTERS
from psro_comm.command import request as command_line
from psro_comm.command.again import again
from psro_comm.command.plan import plan_suite
from psro_comm.command.shell import run_main
from psro_comm.lab.session import open_lab
from psro_comm.settings.budgets import AXES

_SIDES = (*command_line.trained("attack"), *command_line.untrained("filter"))
_EPISODES = ("psro.episodes", "evaluation")
command_line.define("threat", *_EPISODES, *_SIDES, but=["attack.stop_return"])
flags.DEFINE_list(
    "defenders",
    ["none", "mute", "norm"],
    f"Filters to attack: {', '.join(FILTERS)}, untrained, RUN, RUN/POLICY, psro:RUN;"
    " runs bring their teams, RUN+FILTER is the team of RUN behind any filter.",
)
flags.DEFINE_list(
    "attacks",
    [],
    "Attacks that take part beside the suite's: NAME, RUN, RUN/POLICY, psro:RUN.",
)
flags.DEFINE_list(
    "curves",
    [],
    f"Budgets of the attacker over which curves are drawn: {', '.join(AXES)}, or all.",
)


def main(_: list[str]) -> None:
    """Runs the suite, prints what it leaves and draws it."""
    axes = _axes(flags.FLAGS.curves)
    flag = {"filter": "defenders"}
    sides = {"filter": flags.FLAGS.defenders, "attack": flags.FLAGS.attacks}
    given = {side: names for side, names in sides.items() if names or side == "filter"}
    named = command_line.named_players(flag, **given)
    request = command_line.request("worst-case", named, teams=True)
    if flags.FLAGS.dry_run:
        print(plan_suite(request, *(flags.FLAGS.defenders, flags.FLAGS.attacks), axes))
        return
    from psro_comm.reports.pages.suite import save_suite
    from psro_comm.reports.suite import render_suite
    from psro_comm.studies.suite.search import search

    with open_lab(request) as lab:
        found = search(
            *(lab, flags.FLAGS.defenders, request.runs_dir, axes), flags.FLAGS.attacks
        )
        files = save_suite(lab.store, found, again("worst_case", request))
    print(render_suite(found))
    print("\nSaved:", ", ".join(map(str, files)))


def _axes(given: list[str]) -> tuple[str, ...]:
    """Returns the budgets that `--curves` names, in their own order.

    Raises:
      ValueError: something else is named, or one of them twice.
    """
    if given == ["all"]:
        return AXES
    if not {*given} <= {*AXES} or len({*given}) < len(given):
        raise ValueError(
            f"--curves is {','.join(given)!r}, must be all, or name some of"
            f" {', '.join(AXES)}, none twice"
        )
    return tuple(axis for axis in AXES if axis in given)


if __name__ == "__main__":
    run_main(main)
