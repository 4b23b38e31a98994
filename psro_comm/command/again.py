"""Writes the command that makes a run again: what its page ends with."""

import re
import shlex

from psro_comm.lab.session import Request

_HOW = re.compile(r"--(no)?(runs_dir|workers|executor|ray\.address|wandb|dry_run)(=|$)")
_NOTHING = re.compile(r"--\w+=")  # a list that is empty, as it is where none is given


def again(program: str, request: Request) -> str:
    """Returns the command line of a run, without how it is run and where it is kept.

    So it is the same whatever ran it, and may be given on another machine.

    Args:
      program: name of the program.
      request: what the flags asked for.
    """
    flags = [
        each
        for each in request.flags.splitlines()
        if not (_HOW.match(each) or _NOTHING.fullmatch(each))
    ]
    return shlex.join(["python", "-m", f"bin.{program}", *flags])
