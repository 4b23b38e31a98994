"""Writes what defenders keep in the worst case, over tasks and seeds, as one page.

python -m bin.make_leaderboard --suites=a,b,c --out=docs/results/leaderboard
"""

from pathlib import Path

from absl import flags

from psro_comm.command.request import define_common, refuse
from psro_comm.command.shell import run_main

FLAGS = flags.FLAGS
define_common("runs_dir")
flags.DEFINE_list(
    "suites", None, "Names of finished runs of worst_case.", required=True
)
flags.DEFINE_multi_string(
    "row",
    None,
    "NAME=PATTERN: defenders that match the shell pattern are the row NAME (default:"
    " psro:* is R-MACRL, others have the name after their run's); may be repeated.",
)
flags.DEFINE_string("out", "docs/results/leaderboard", "Folder of the page.")
flags.DEFINE_string("readme", None, "File that also gets the tables.")
flags.DEFINE_string(
    "mark",
    None,
    "MARK of their place: <!-- MARK:begin --> to its :end (default: leaderboard).",
)


def main(_: list[str]) -> None:
    """Writes the page."""
    from psro_comm.disk.store import run_path
    from psro_comm.reports.leaderboard import (
        MARK,
        entries,
        read_suites,
        write_leaderboard,
    )

    if not FLAGS.suites:
        raise ValueError("--suites is '', must name at least one run")
    if FLAGS.readme is None:
        refuse(["mark"], "without --readme")
    rows = dict(_row(text) for text in FLAGS.row or ())
    roots = [run_path(Path(FLAGS.runs_dir), name) for name in FLAGS.suites]
    found = entries(read_suites(roots), rows)
    readme = Path(FLAGS.readme) if FLAGS.readme is not None else None
    mark = MARK if FLAGS.mark is None else FLAGS.mark
    written = write_leaderboard(found, Path(FLAGS.out), _made_by(), readme, mark)
    print("Saved:", ", ".join(map(str, written)))


def _row(text: str) -> tuple[str, str]:
    name, equals, pattern = text.partition("=")
    if not (name and equals and pattern):
        raise ValueError(f"--row is {text!r}, must be NAME=PATTERN")
    return name, pattern


def _made_by() -> str:
    words = [f"--suites={','.join(FLAGS.suites)}"]
    words += [f"--row='{text}'" for text in FLAGS.row or ()]
    for name in ("runs_dir", "out", "readme", "mark"):
        if FLAGS[name].value != FLAGS[name].default:
            words.append(f"--{name}={FLAGS[name].value}")
    return " ".join(["python -m bin.make_leaderboard", *words])


if __name__ == "__main__":
    run_main(main)
