"""Compares meta-solvers by whole PSRO runs, one for each solver and seed.

python -m bin.study_meta_solvers --task=echo --budget=smoke --solvers=nash,uniform
"""

from absl import flags

from psro_comm.command import request as command_line
from psro_comm.command.again import again
from psro_comm.command.plan import plan_study
from psro_comm.command.shell import run_main

_SIDES = (*command_line.trained("attack"), *command_line.trained("filter"))
command_line.define("threat", *_SIDES, "psro", "evaluation", but=["psro.meta_solver"])
flags.DEFINE_list(
    "solvers", ["nash", "uniform", "prd"], "Names of meta-solvers, or all."
)
flags.DEFINE_list("seeds", None, "Seeds of the PSRO runs (default: --seed).")
flags.DEFINE_string("out", None, "A .json file (default: beside the runs).")


def main(_: list[str]) -> None:
    """Runs or continues the study, and prints and saves its result."""
    from psro_comm.disk.environment import machines
    from psro_comm.disk.files import (
        encode_json,
        make_folder,
        read_bytes,
        write_atomic,
    )
    from psro_comm.lab.session import read_run
    from psro_comm.metagame.comparison import chosen
    from psro_comm.reports.figures.meta_solvers import plot_study
    from psro_comm.reports.meta_solvers import render_study
    from psro_comm.reports.pages.studies import study_page
    from psro_comm.studies.meta_solvers import checked_study, study

    given = flags.FLAGS
    names, seeds = chosen(given.solvers), command_line.seeds(given.seeds)
    request = command_line.request("solvers")
    out = command_line.json_file(given.out, request.runs_dir / f"{request.run}.json")
    checked_study(request, names, seeds)
    if given.dry_run:
        print(plan_study(request, names, seeds))
        return
    result = study(request, names, seeds)
    make_folder(out.parent)
    task, shown = request.config.task, out.with_suffix(".html")
    svg = plot_study(result, out.with_suffix(""), task)[0]
    write_atomic(out, encode_json(result))
    crossed = [
        read_run(request.runs_dir, f"{request.run}-cross-{seed}") for seed in seeds
    ]
    page = study_page(result, task, read_bytes(svg).decode(), crossed)
    made = again("study_meta_solvers", request), machines(crossed[0].root)
    write_atomic(shown, page.render(*made).encode())
    print(f"{render_study(result)}\n\nSaved: {out}, {shown}")


if __name__ == "__main__":
    run_main(main)
