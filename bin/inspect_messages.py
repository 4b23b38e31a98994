r"""Plays one episode clean, attacked and defended, and saves actions and messages.

python -m bin.inspect_messages --task=echo --budget=smoke \
        --attack=psro:a --filter=psro:a

It writes JSON, a picture of one step in the manner of the paper's figure 10, and a web
page that replays the episode.
"""

from absl import flags

from psro_comm.command import request as command_line
from psro_comm.command.plan import plan
from psro_comm.command.shell import run_main
from psro_comm.lab.session import open_lab
from psro_comm.names import BRANCHES

_SIDES = (*command_line.untrained("attack"), *command_line.untrained("filter"))
command_line.define("threat", *_SIDES)
FLAGS = flags.FLAGS
flags.DEFINE_string("attack", "noise", "Name of the attack (see evaluate).")
flags.DEFINE_string("filter", "untrained", "Name of the filter (see evaluate).")
flags.DEFINE_integer("world", 0, "Number of the world that is played.", lower_bound=0)
flags.DEFINE_enum("follow", "clean", BRANCHES, "Condition whose actions are played.")
flags.DEFINE_integer(
    "step",
    None,
    "Step that the picture shows (default: where most best actions change).",
)


def main(_: list[str]) -> None:
    """Plays the episode, saves it and prints the names of the files."""
    named = {"attack": [FLAGS.attack], "filter": [FLAGS.filter]}
    request = command_line.request("inspection", named)
    if FLAGS.dry_run:
        print(plan(request, "evaluate", cells=1))
        return
    from psro_comm.reports.inspection import under_lens

    asked = {"world": FLAGS.world, "follow": FLAGS.follow, "step": FLAGS.step}
    with open_lab(request) as lab:
        names = (FLAGS.attack, FLAGS.filter)
        written = under_lens(lab, *names, request.runs_dir, **asked)
    print("Saved:", ", ".join(map(str, written)))


if __name__ == "__main__":
    run_main(main)
