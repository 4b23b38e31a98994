"""Runs R-MACRL (algorithm 1) on one task, through OpenSpiel's PSRO solver.

python -m bin.run_psro --task=echo --budget=smoke --run=a
"""

from collections.abc import Mapping

from absl import flags

from psro_comm.command import request as command_line
from psro_comm.command.again import again
from psro_comm.command.plan import plan_psro
from psro_comm.command.shell import run_main
from psro_comm.lab.session import Request, open_lab
from psro_comm.studies.stored_players import count_members

_SIDES = (*command_line.trained("attack"), *command_line.trained("filter"))
command_line.define("threat", *_SIDES, "psro", "evaluation.num_envs")
_START = "to start from, beside rules or instead of an untrained one: RUN, norm@3, ..."
flags.DEFINE_list("initial_attacks", [], f"Attacks {_START}")
flags.DEFINE_list("initial_filters", [], f"Filters {_START}")


def given_sizes(request: Request, start: Mapping[str, list[str]]) -> tuple[int, int]:
    """Returns how many filters and attacks the run is given to start from.

    Raises:
      ValueError: there are too few slots for them.
    """
    filters, attacks = (
        sum(count_members(request, name, role) for name in start[role])
        for role in ("filter", "attack")
    )
    try:
        request.config.psro.check_slots(max(filters, attacks))
    except ValueError as error:
        raise ValueError(f"psro.{error}") from None
    return filters, attacks


def main(_: list[str]) -> None:
    """Runs algorithm 1 and prints value, NashConv and both mixtures."""
    start = {
        "filter": flags.FLAGS.initial_filters,
        "attack": flags.FLAGS.initial_attacks,
    }
    request = command_line.request(named=start)
    sizes = given_sizes(request, start)
    if flags.FLAGS.dry_run:
        print(plan_psro(request, sizes))
        return
    from psro_comm.lab.mixed import Mixed
    from psro_comm.metagame.solvers.frontier import frontier
    from psro_comm.reports.pages.studies import solution_page
    from psro_comm.reports.terminal import render_solution
    from psro_comm.studies.gate import warn_unless_it_talks
    from psro_comm.studies.opening import open_psro
    from psro_comm.studies.players import find_player
    from psro_comm.studies.references import references

    with open_lab(request) as lab:
        warn_unless_it_talks(lab)
        filters, attacks = (
            {
                own: policy
                for name in names
                for own, policy in find_player(
                    lab, name, role, request.runs_dir
                ).policies.items()
            }
            for role, names in start.items()
        )
        given = (filters, attacks) if filters or attacks else None
        solution = open_psro(lab, given=given)
        found = solution.solve()
        solved, points = found.summary(), frontier(found.table)
        rival = Mixed.supported(
            "the attackers' mixture", solution.attacks, solved.mixture("attacker")
        )
        beside = references(
            *(lab, "references", [rival], request.runs_dir),
            request.config.psro.check_episodes,
        )
        lab.store.save_json("psro", solved.to_dict())
        root, config = lab.store.root, request.config
        page = solution_page(
            lab.store, config.task, config.seed, solved, beside, points
        )
        files = page.save(root, again("run_psro", request))
    print(render_solution(solved, beside, points))
    saved = [root / "psro.json", root / "meta_game.nfg", *files]
    print("\nSaved:", ", ".join(map(str, saved)))


if __name__ == "__main__":
    run_main(main)
