"""Writes what defenders keep in the worst case, over tasks and seeds, as one page.

python -m bin.make_leaderboard --suites=a,b,c --out=docs/results/leaderboard
"""

from absl import flags

from psro_comm.command.page import asked_page, define_page
from psro_comm.command.shell import run_main

FLAGS = flags.FLAGS
flags.DEFINE_list(
    "suites", None, "Names of finished runs of worst_case.", required=True
)
flags.DEFINE_multi_string(
    "row",
    None,
    "NAME=PATTERN: defenders that match the shell pattern are the row NAME (default:"
    " psro:* is R-MACRL, others have the name after their run's); may be repeated.",
)
define_page("docs/results/leaderboard", "the tables", "leaderboard")


def main(_: list[str]) -> None:
    """Writes the page."""
    from psro_comm.reports.leaderboard import entries, read_suites, write_leaderboard

    words = [f"--row='{text}'" for text in FLAGS.row or ()]
    page = asked_page("make_leaderboard", "suites", words)
    rows = dict(_row(text) for text in FLAGS.row or ())
    found = entries(read_suites(page.roots), rows)
    written = write_leaderboard(found, *page[1:])
    print("Saved:", ", ".join(map(str, written)))


def _row(text: str) -> tuple[str, str]:
    name, equals, pattern = text.partition("=")
    if not (name and equals and pattern):
        raise ValueError(f"--row is {text!r}, must be NAME=PATTERN")
    return name, pattern


if __name__ == "__main__":
    run_main(main)
