"""Measures how often the intervals of payoff tables cover the truth, by simulation.

python -m bin.measure_coverage --repetitions=300
"""

from absl import flags

from psro_comm.command.shell import run_main

flags.DEFINE_integer("repetitions", 300, "Tables of each family.", 1)
flags.DEFINE_integer("resamples", 100, "Resamples of each table.", 2)
flags.DEFINE_integer("seed", 1, "Seed of the tables, the data and the resamples.", 0)


def main(_: list[str]) -> None:
    """Prints a table of all families."""
    import numpy as np

    from psro_comm.reports.tables.coverage import render_coverage
    from psro_comm.validation.coverage import FAMILIES, covered

    given = flags.FLAGS
    found = {
        name: covered(
            family,
            np.random.default_rng(given.seed),
            repetitions=given.repetitions,
            draws=given.resamples,
        )
        for name, family in FAMILIES.items()
    }
    print(render_coverage(found))


if __name__ == "__main__":
    run_main(main)
