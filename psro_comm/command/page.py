"""Defines the flags of programs that make a page, and a part of another, of runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from absl import flags

from psro_comm.command.common import define_common, folder_of_runs
from psro_comm.command.request import refuse

flags.disclaim_key_flags()  # our flags are the key flags of the binaries

FLAGS = flags.FLAGS
_WHERE = ("runs_dir", "out", "readme", "mark")


class Page(NamedTuple):
    """Where a page goes, and of which runs it is."""

    roots: list[Path]
    out: Path
    made_by: str  # the command that makes it
    readme: Path | None  # file that gets a part of it
    mark: str  # name of the two comments between which the part goes


def define_page(out: str, part: str, mark: str) -> None:
    """Defines the flags of a program that makes a page.

    Args:
      out: the usual folder of the page.
      part: what the other file gets, in words.
      mark: the usual name of the two comments around that.
    """
    define_common("runs_dir")
    flags.DEFINE_string("out", out, "Folder of the page.")
    flags.DEFINE_string("readme", None, f"File that also gets {part}.")
    flags.DEFINE_string(
        "mark", mark, "MARK of their place there: <!-- MARK:begin --> to its :end."
    )


def asked_page(program: str, flag: str, words: Sequence[str] = ()) -> Page:
    """Returns what the flags ask for.

    Args:
      program: name of the program.
      flag: the list of its flags that names the runs.
      words: further flags that decide what the page says, as a shell takes them.

    Raises:
      ValueError: no run is named, or badly, or a flag would be ignored.
    """
    from psro_comm.disk.store import run_path

    names = FLAGS[flag].value
    if not names:
        raise ValueError(f"--{flag} is '', must name at least one run")
    if FLAGS.readme is None:
        refuse(["mark"], "without --readme")
    where = [
        f"--{name}={FLAGS[name].value}"
        for name in _WHERE
        if FLAGS[name].value != FLAGS[name].default
    ]
    given = [f"--{flag}={','.join(names)}", *words, *where]
    return Page(
        [run_path(folder_of_runs(), name) for name in names],
        Path(FLAGS.out),
        " ".join([f"python -m bin.{program}", *given]),
        None if FLAGS.readme is None else Path(FLAGS.readme),
        FLAGS.mark,
    )
