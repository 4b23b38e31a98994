"""Writes tables and figures of finished quickstart runs, with the paper's numbers.

python -m bin.make_results --runs=a,b,c --out=docs/results --readme=README.md
"""

from absl import flags

from psro_comm.command.page import asked_page, define_page
from psro_comm.command.shell import run_main

flags.DEFINE_list("runs", None, "Names of finished runs, of any tasks.", required=True)
define_page("docs/results", "two small tables", "results")


def main(_: list[str]) -> None:
    """Writes the tables and the figures."""
    from psro_comm.reports.results import write_results
    from psro_comm.reports.seeds import by_variant, read_finished

    page = asked_page("make_results", "runs")
    variants = by_variant([read_finished(root) for root in page.roots])
    written = write_results(variants, *page[1:])
    print("Saved:", ", ".join(map(str, written)))


if __name__ == "__main__":
    run_main(main)
