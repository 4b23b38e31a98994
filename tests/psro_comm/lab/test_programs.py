"""Whole programs as tasks: claimed, logged, noted, and stopped with their worker."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from psro_comm.disk.claims import claimed
from psro_comm.lab.local import Local
from psro_comm.lab.programs import (
    DONE,
    ELSEWHERE,
    FAILED,
    ProgramRun,
    run_program,
    shares,
)
from psro_comm.lab.sweeping import carry_out
from psro_comm.lab.workers import Workers
from tests.paths import ROOT
from tests.psro_comm.lab.test_workers import is_alive, wait_for


@pytest.fixture
def marks(tmp_path):
    (tmp_path / "marks").mkdir()
    return tmp_path / "marks"


def toy(marks: Path, name: str, *flags: str) -> ProgramRun:
    given = (f"--folder={marks}", f"--name={name}", *flags)
    return ProgramRun(name, str(marks.parent / name), "tests.toys.tool", given)


def test_a_run_is_made_once_and_its_log_kept(marks):
    run = toy(marks, "a")._replace(how=("--workers=3",))
    assert not run.is_finished()
    ended = run_program(run)
    assert ended.state == DONE
    assert ended.cpu_seconds > 0.0
    assert run.is_finished()
    assert (Path(run.root) / "sweep.log").read_text() == "workers 3\n"
    assert run_program(run).state == DONE
    assert len(os.listdir(marks)) == 1
    # What decides its numbers is another: it is not the same run.
    assert not toy(marks, "a", "--x=1").is_finished()


def test_a_run_that_fails_says_why_and_is_tried_again(marks):
    run = toy(marks, "a", "--fail=no luck")
    ended = run_program(run)
    assert (ended.state, ended.words) == (FAILED, "error: no luck")
    assert not run.is_finished()
    assert run_program(run).state == FAILED
    assert len(os.listdir(marks)) == 2


def test_a_run_that_another_sweep_has_is_left_to_it(marks):
    run = toy(marks, "a")
    with claimed(Path(run.root)) as ours:
        assert ours
        assert run_program(run).state == ELSEWHERE
    assert os.listdir(marks) == []
    assert run_program(run).state == DONE


def test_a_sweep_runs_what_is_not_finished_and_tells_of_each(marks):
    said = []
    runs = [toy(marks, "a"), toy(marks, "b", "--fail=oh"), toy(marks, "c")]
    run_program(runs[2])

    def say(text, *values):
        said.append(text % values)

    with Workers(Local(2)) as workers:
        states = carry_out(runs, workers, each=2, say=say)
    assert states == {"a": DONE, "b": FAILED, "c": DONE}
    assert said[0] == "1 of 3 runs were finished before"
    assert len(said) == 3
    assert sum("failed" in line and "error: oh" in line for line in said) == 1
    assert "3 of 3, about 0s left" in said[-1]
    assert len(os.listdir(marks)) == 3  # c was not begun again
    assert (Path(runs[0].root) / "sweep.log").read_text() == "workers 2\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("executor", ["Inline()", "Local(1)"])
def test_no_program_outlives_its_sweep(marks, number, executor):
    code = (
        "from psro_comm.lab.executors import Inline\n"
        "from psro_comm.lab.local import Local\n"
        "from psro_comm.lab.programs import run_program\n"
        "from psro_comm.lab.workers import Workers\n"
        "from tests.psro_comm.lab.test_programs import Path, toy\n"
        "if __name__ == '__main__':\n"
        f"    run = toy(Path({str(marks)!r}), 'a', '--wait=60')\n"
        f"    Workers({executor}).map(run_program, [run])\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        start_new_session=True,
        stderr=subprocess.DEVNULL,
    )
    (mark,) = wait_for(lambda: os.listdir(marks), 1)
    pid = int(mark.partition("-")[2])
    if number == signal.SIGINT:
        os.killpg(parent.pid, number)
    else:
        parent.kill()
    parent.wait(30)
    end = time.monotonic() + 30
    while is_alive(pid):
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("count", "workers", "here", "expected"),
    [
        (3, 0, True, (1, 0)),
        (3, 2, True, (2, 0)),
        (1, 2, True, (1, 2)),
        (2, 8, True, (2, 4)),
        (2, 8, False, (2, 0)),
    ],
)
def test_runs_share_the_processors(count, workers, here, expected):
    assert shares(count, workers, here=here) == expected
