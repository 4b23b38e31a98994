"""Runs whole programs as tasks of workers, each run claimed and made once."""

import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from psro_comm.disk.claims import claimed, finished, last_line, note_finished, run_log

DONE, FAILED, ELSEWHERE = "done", "failed", "elsewhere"

_ROOT = Path(__file__).parents[2]


class ProgramRun(NamedTuple):
    """A run of a program, as plain data."""

    name: str
    root: str  # its folder
    module: str  # such as bin.quickstart
    flags: tuple[str, ...]  # all that decide its numbers
    how: tuple[str, ...] = ()  # those that do not, such as --workers

    def is_finished(self) -> bool:
        """Returns whether it was finished, with the same flags."""
        note = finished(Path(self.root))
        return note is not None and note["command"] == [self.module, *self.flags]


def shares(count: int, workers: int, *, here: bool = True) -> tuple[int, int]:
    """Returns how many runs go side by side, and the workers of each.

    Args:
      count: the number of runs.
      workers: tasks side by side; 0 is this process alone.
      here: whether they run on this machine: elsewhere each run takes one processor.
    """
    side_by_side = max(1, min(count, workers))
    each = workers // side_by_side if here else 1
    return side_by_side, each if each > 1 else 0


class Ended(NamedTuple):
    """How a run ended: `DONE`, `FAILED`, or `ELSEWHERE` if another process has it."""

    state: str
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    words: str = ""  # the last that a failed program said


def run_program(run: ProgramRun) -> Ended:
    """Runs a program to its end; one that was stopped before goes on.

    What it says goes to the log of its run.
    """
    root = Path(run.root)
    with claimed(root) as ours:
        if not ours:
            return Ended(ELSEWHERE)
        if run.is_finished():
            return Ended(DONE)
        began = time.monotonic()
        status, cpu_seconds = _run(run, root)
        seconds = time.monotonic() - began
        if status != 0:
            said = last_line(root) or f"exit status {status}"
            return Ended(FAILED, seconds, cpu_seconds, said)
        note_finished(
            root,
            {
                "command": [run.module, *run.flags],
                "seconds": round(seconds, 1),
                "cpu_seconds": round(cpu_seconds, 1),
                "host": platform.node(),
            },
        )
        return Ended(DONE, seconds, cpu_seconds)


def _run(run: ProgramRun, root: Path) -> tuple[int, float]:
    """Returns the exit status of a child and the processor time that it took."""
    watched, held = os.pipe()
    paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    line = ["-m", "psro_comm.lab.child", str(watched), run.module]
    with run_log(root) as log:
        try:
            child = subprocess.Popen(
                [sys.executable, *line, *run.flags, *run.how],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[watched],
                start_new_session=True,  # Ctrl-C comes by way of the pipe
            )
        except BaseException:
            os.close(held)
            raise
        finally:
            os.close(watched)
        try:
            _, status, used = os.wait4(child.pid, 0)
        except BaseException:  # Ctrl-C: the run stops cleanly, to go on later
            os.close(held)
            child.wait()
            raise
        os.close(held)
    child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, used.ru_utime + used.ru_stime
