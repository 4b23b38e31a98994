"""Runs the programs of a sweep side by side, with a line of progress for each."""

import time
from collections.abc import Callable, Sequence

from absl import logging

from psro_comm.lab.programs import (
    DONE,
    ELSEWHERE,
    FAILED,
    Ended,
    ProgramRun,
    run_program,
)
from psro_comm.lab.progress import format_duration
from psro_comm.lab.workers import Workers


def carry_out(
    runs: Sequence[ProgramRun],
    workers: Workers,
    *,
    each: int = 0,
    say: Callable[..., None] = logging.info,
) -> dict[str, str]:
    """Runs or continues all runs; returns the state of each by its name.

    A run that fails stops no other; what is finished is not begun again.

    Args:
      runs: the runs, in the order in which they begin.
      workers: run them, one as a task.
      each: worker processes of each run.
      say: takes a line of progress.
    """
    states = {run.name: DONE for run in runs if run.is_finished()}
    todo = [
        run._replace(how=(f"--workers={each}",))
        for run in runs
        if run.name not in states
    ]
    if states:
        say("%d of %d runs were finished before", len(states), len(runs))
    began = time.monotonic()

    def tell(index: int, ended: Ended) -> None:
        states[todo[index].name] = ended.state
        made = len(states) - (len(runs) - len(todo))
        passed = time.monotonic() - began
        left = format_duration(passed / made * (len(todo) - made))
        say(
            "%s: %s; %d of %d, about %s left",
            *(todo[index].name, _words(ended), len(states), len(runs), left),
        )

    workers.map(run_program, todo, names=[run.name for run in todo], done=tell)
    return states


def _words(ended: Ended) -> str:
    if ended.state == ELSEWHERE:
        return "another sweep has it"
    took = f"{format_duration(ended.seconds)}, {ended.cpu_seconds:.0f} CPU-s"
    if ended.state == FAILED:
        return f"failed after {took}: {ended.words}"
    return f"done in {took}"
