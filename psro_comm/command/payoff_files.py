"""Defines the flags that say how a payoff file is to be read."""

from absl import flags

from psro_comm.metagame.formats.options import NAMES, Options

flags.disclaim_key_flags()  # they are key flags of the programs that define them

FLAGS = flags.FLAGS
KINDS = ".csv, .tsv, .xlsx, .json, .nfg"


def define_reading() -> None:
    """Defines the flags of `Options`."""
    flags.DEFINE_enum(
        "names",
        "auto",
        list(NAMES),
        "Where a plain matrix (.csv, .xlsx) has names: in its first line (columns), its"
        " first column (rows), both or none; auto refuses what may be either.",
    )
    flags.DEFINE_string(
        "row_role",
        None,
        "Role of the row player in a gameanalysis file (default: defender, or else the"
        " first of the alphabet).",
    )
    flags.DEFINE_float(
        "sum_tolerance",
        None,
        "By how much the sum of both players' payoffs may differ from cell to cell, in"
        " payoffs (default: 1e-5 of the larger one).",
    )


def reading_options() -> Options:
    """Returns what the flags say of how to read a file.

    Raises:
      ValueError: a value that is not allowed.
    """
    return Options(FLAGS.names, FLAGS.row_role, FLAGS.sum_tolerance)


READING = ("names", "row_role", "sum_tolerance")
