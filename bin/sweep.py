"""Runs a program over tasks, seeds and settings, side by side, and sums up.

python -m bin.sweep --tasks=echo --seeds=0,1,2 --budget=smoke -- quickstart
"""

from pathlib import Path

from absl import flags, logging

from psro_comm.command import request as command_line
from psro_comm.command import sweep as planning
from psro_comm.command.common import folder_of_runs
from psro_comm.command.shell import run_main
from psro_comm.lab.programs import shares
from psro_comm.lab.session import choose_device, make_executor, run_on

FLAGS = flags.FLAGS
_RUNNERS = ("workers", "executor", "ray.address")
command_line.define_common("budget", "runs_dir", "device", *_RUNNERS, "dry_run")
flags.DEFINE_list("tasks", None, "Tasks that are played.", required=True)
flags.DEFINE_list("seeds", ["0"], "Seeds of the runs, each once.")
flags.DEFINE_multi_string(
    "set", [], "NAME=VALUE,VALUE: a flag of the program and its values in turn."
)
flags.DEFINE_multi_string(
    "plugin", [], "A plugin of every run: --plugin of the program."
)
flags.DEFINE_string("name", "", "What the names of the runs begin with.")
flags.DEFINE_string("out", None, "Folder of the results (default: RUNS_DIR/results).")
flags.DEFINE_string(
    "shard", None, "K/N: this is the K-th of N sweeps that share the runs' folder."
)


def main(argv: list[str]) -> None:
    """Plans, runs or continues, and sums up."""
    sweep, device = _sweep(argv[1:]), choose_device(FLAGS.device)
    shard, groups = planning.read_shard(FLAGS.shard), sweep.groups()
    runners = run_on(FLAGS.executor, FLAGS.workers, FLAGS["ray.address"].value, device)
    runs = planning.in_order([run for each in groups.values() for run in each], shard)
    here = FLAGS.executor != "ray"
    beside, each = shares(len(runs), runners["workers"], here=here)
    print(planning.outline(sweep, groups, planning.foresee(groups), beside))
    if FLAGS.dry_run:
        return
    from psro_comm.lab.sweeping import carry_out
    from psro_comm.lab.workers import Workers
    from psro_comm.reports.sweep import write_sweep

    with Workers(make_executor(**runners, gpu=device == "cuda")) as workers:
        states = carry_out(runs, workers, each=each)
    if failed := [name for name, state in states.items() if state == "failed"]:
        raise ValueError(
            f"{len(failed)} of {len(runs)} runs failed: {', '.join(failed)}; the same"
            " command tries them again"
        )
    if left := [run.name for run in runs if not run.is_finished()]:
        logging.info(
            "%d runs are with other sweeps: the last to end sums up", len(left)
        )
        return
    folders = {
        (task, planning.title(setting)): [Path(run.root) for run in own]
        for (task, setting), own in groups.items()
    }
    out = Path(FLAGS.out) if FLAGS.out else sweep.runs_dir / "results"
    written = write_sweep(sweep.program, folders, out, sweep.command())
    print("Saved:", ", ".join(map(str, written)))


def _sweep(words: list[str]) -> planning.Sweep:
    """Returns the sweep that the flags and the words behind `--` ask for."""
    program, further = planning.read_program(words, FLAGS.plugin)
    tasks = tuple(FLAGS.tasks)
    if not tasks or len({*tasks}) < len(tasks):
        raise ValueError(f"--tasks is {','.join(tasks)!r}, must name each task once")
    return planning.Sweep(
        program,
        tasks,
        tuple(command_line.checked_seeds(FLAGS.seeds)),
        planning.read_settings(FLAGS.set),
        folder_of_runs(),
        FLAGS.budget,
        choose_device(FLAGS.device),
        FLAGS.name,
        further,
    )


if __name__ == "__main__":
    run_main(main, takes_words=True)
