r"""Studies what a message filter costs, what it believes of whom, and why it works.

python -m bin.study_defence --task=echo --budget=smoke --filter=tracking \
        --ablate=memory,context

The filter meets nobody, families of made-up lies and attacks that nobody trains: by the
run's liars, by each other agent, and by one liar more. With `--ablate` others are
trained that lack a part. It writes JSON and pictures. It searches nothing: what a
defence keeps in the worst case is a question for `bin.worst_case`.
"""

from absl import flags

from oracles.strategies.registry import FILTERS
from psro_comm.command import request as command_line
from psro_comm.command.again import again
from psro_comm.command.plan import plan_defence
from psro_comm.command.shell import run_main
from psro_comm.lab.session import open_lab
from psro_comm.settings.portfolio import tracked
from psro_comm.studies.defence.lies import (
    ALL_FAMILIES,
    LIES,
    PARTS,
    TRACKING,
    checked_parts,
    count_grounds,
)

_OWN = ("hidden", "threshold", "gate", "replace", "memory", "context")
_LABELS = (
    *("env_steps", "num_envs", "update_epochs", "num_minibatches", "learning_rate"),
    *("final_learning_rate", "max_grad_norm", "benign_fraction", "made_up_fraction"),
    *(
        "fake_fraction",
        "coevolving_fraction",
        "taught_fraction",
        "redraw",
        "families",
        "beta1",
        "beta2",
        "repairs",
        "ppo_coef",
    ),
)
_TRAINING = tuple(f"filter_oracle.{each}" for each in _LABELS)
_FILTER = tuple(f"filter.{each}" for each in _OWN)
command_line.define("threat", "evaluation", *_FILTER, *_TRAINING)
FLAGS = flags.FLAGS
flags.DEFINE_string(
    "filter",
    TRACKING,
    f"Filter that is studied: {TRACKING} trains one here; or {', '.join(FILTERS)}, RUN,"
    " RUN/POLICY, psro:RUN.",
)
flags.DEFINE_list(
    "ablate",
    [],
    "Parts without which a tracking filter is trained, one by one:"
    f" {', '.join((*PARTS, ALL_FAMILIES))}, or families of lies.",
)


def main(_: list[str]) -> None:
    """Runs the study, prints its tables and draws it."""
    own = FLAGS.filter == TRACKING
    named = [FLAGS.filter] + [TRACKING] * (bool(FLAGS.ablate) and not own)
    request = command_line.request("defence", {"filter": named}, tracked)
    parts = checked_parts(FLAGS.ablate, request.config)
    if not own and not parts:
        command_line.refuse(_TRAINING, "where no filter is trained")
    if FLAGS.dry_run:
        counted = {
            "filters": len(parts) + (own or bool(parts)),
            "others": len(parts) + (bool(parts) and not own),
            "lies": 1 + len(LIES),
            "grounds": count_grounds(request.config),
        }
        print(plan_defence(request, **counted))
        return
    from psro_comm.reports.defence import render_defence, save_defence
    from psro_comm.reports.pages.studies import defence_page
    from psro_comm.studies.defence.study import study_defence

    with open_lab(request) as lab:
        found = study_defence(lab, FLAGS.filter, parts, request.runs_dir)
        files = save_defence(lab.store.root, found)
        page = defence_page(lab.store, found, files)
        files += page.save(lab.store.root, again("study_defence", request))
    print(render_defence(found))
    print("\nSaved:", ", ".join(map(str, files)))


if __name__ == "__main__":
    run_main(main)
