r"""Plays each step clean, attacked and defended, and compares actions and messages.

python -m bin.inspect_messages --task=echo --budget=smoke \
        --attack=psro:a --filter=psro:a

It counts over many worlds how often the attack turns a best action and the filter turns
it back. Of one of them it writes JSON, a picture of one step in the manner of the
paper's figure 10, and a web page that replays the episode.
"""

from absl import flags

from psro_comm.command import request as command_line
from psro_comm.command.again import again
from psro_comm.command.plan import plan_cells
from psro_comm.command.shell import run_main
from psro_comm.lab.session import open_lab
from psro_comm.names import BRANCHES, UNDEFENDED

_SIDES = (*command_line.untrained("attack"), *command_line.untrained("filter"))
command_line.define("threat", "evaluation", *_SIDES)
FLAGS = flags.FLAGS
flags.DEFINE_string("attack", "noise", "Name of the attack (see evaluate).")
flags.DEFINE_string("filter", "untrained", "Name of the filter (see evaluate).")
flags.DEFINE_integer("world", 0, "Number of the world that is shown.", lower_bound=0)
flags.DEFINE_enum("follow", UNDEFENDED, BRANCHES, "Condition whose actions are played.")
flags.DEFINE_integer(
    "step",
    None,
    "Step that the picture shows (default: the first with a best action turned).",
)


def main(_: list[str]) -> None:
    """Plays, prints what many worlds amount to, and saves the episode."""
    named = {"attack": [FLAGS.attack], "filter": [FLAGS.filter]}
    request = command_line.request("inspection", named)
    if FLAGS.dry_run:
        print(plan_cells(request, len(BRANCHES)))
        return
    from psro_comm.reports.inspection import turning_section
    from psro_comm.reports.pages.inspection import save_inspection
    from psro_comm.studies.inspection.tracks import Ground, count_decisions, play_tracks
    from psro_comm.studies.players import find_player

    with open_lab(request) as lab:
        attack, filter_ = (
            find_player(lab, name, side, request.runs_dir)
            for side, (name,) in named.items()
        )
        ground = Ground.of(lab, attack, filter_)
        found = {
            **count_decisions(ground, FLAGS.follow),
            "world": FLAGS.world,
            "why": "as asked for",
            "tracks": play_tracks(ground, FLAGS.world, FLAGS.follow),
        }
        command = again("inspect_messages", request)
        files = save_inspection(lab.store, found, FLAGS.follow, FLAGS.step, command)
    text = turning_section(found["statistic"]).as_text()
    print(f"{text}\n\nSaved:", ", ".join(map(str, files)))


if __name__ == "__main__":
    run_main(main)
