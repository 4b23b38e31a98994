"""Writes tables and figures of finished quickstart runs, with the paper's numbers.

python -m bin.make_results --runs=a,b,c --out=docs/results --readme=README.md
"""

from pathlib import Path

from absl import flags

from psro_comm.command.request import define_common, refuse
from psro_comm.command.shell import run_main

FLAGS = flags.FLAGS
define_common("runs_dir")
flags.DEFINE_list("runs", None, "Names of finished runs, of any tasks.", required=True)
flags.DEFINE_string("out", "docs/results", "Folder of results.md and the figures.")
flags.DEFINE_string("readme", None, "File that also gets two small tables.")
flags.DEFINE_string(
    "mark",
    None,
    "MARK of their place: <!-- MARK:begin --> to its :end (default: results).",
)


def main(_: list[str]) -> None:
    """Writes the tables and the figures."""
    from psro_comm.disk.store import run_path
    from psro_comm.reports.results import MARK, write_results
    from psro_comm.reports.seeds import by_variant, read_finished

    if not FLAGS.runs:
        raise ValueError("--runs is '', must name at least one run")
    if FLAGS.readme is None:
        refuse(["mark"], "without --readme")
    roots = [run_path(Path(FLAGS.runs_dir), name) for name in FLAGS.runs]
    variants = by_variant([read_finished(root) for root in roots])
    made_by = f"python -m bin.make_results --runs={','.join(FLAGS.runs)}"
    for name in ("runs_dir", "out", "readme", "mark"):
        if FLAGS[name].value != FLAGS[name].default:
            made_by += f" --{name}={FLAGS[name].value}"
    readme = Path(FLAGS.readme) if FLAGS.readme is not None else None
    mark = MARK if FLAGS.mark is None else FLAGS.mark
    written = write_results(variants, Path(FLAGS.out), made_by, readme, mark)
    print("Saved:", ", ".join(map(str, written)))


if __name__ == "__main__":
    run_main(main)
