"""A binary ends with a code and one line, whatever ends it."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.paths import ROOT

PROGRAM = """
import sys, time
from absl import flags, logging
from psro_comm.command.shell import run_main
flags.DEFINE_integer("num_envs", 1, "for the test")

def main(argv):
    {body}

run_main(main)
"""


def start(body: str, *arguments: str) -> subprocess.Popen:
    command = [sys.executable, "-c", PROGRAM.format(body=body), *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True)


def run(body: str, *arguments: str) -> tuple[int, str, str]:
    process = start(body, *arguments)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_a_good_end_is_zero_and_silent():
    assert run("print('verdict')") == (0, "verdict\n", "")


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("raise ValueError('team is of\\n another task')", "team is of another task"),
        ("open('/no/such')", "[Errno 2] No such file or directory: '/no/such'"),
        ("import no_such_package", "No module named 'no_such_package'"),
        ("raise MemoryError", "MemoryError"),
    ],
)
def test_what_a_user_can_cause_is_one_line_and_two(body, line):
    assert run(body) == (2, "", f"error: {line}\n")


def test_a_mistake_of_ours_keeps_its_traceback():
    code, _, err = run("{}['key']")
    assert code == 1
    assert "KeyError: 'key'" in err


def test_verbosity_shows_the_traceback_of_a_user_error():
    code, _, err = run("raise ValueError('x')", "--verbosity=1")
    assert code == 2
    assert "Traceback" in err
    assert err.endswith("error: x\n")


@pytest.mark.parametrize(
    ("argument", "says"),
    [
        ("--num_env=2", "Did you mean: num_envs"),
        ("--num_envs=two", "two"),
        ("stray", "not a flag: 'stray'"),
    ],
)
def test_a_bad_command_line_is_one_and_names_the_nearest(argument, says):
    code, out, err = run("print('ran')", argument)
    assert code == 1
    assert says in out + err
    assert "ran" not in out
    assert "Traceback" not in err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (15, 143)])
def test_a_signal_is_one_line_and_its_own_code(number, code):
    process = start("print('up', flush=True); time.sleep(60)")
    assert process.stdout.readline() == "up\n"
    began = time.monotonic()
    os.kill(process.pid, number)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (
        code,
        "stopped: the same command continues the run\n",
    )
    assert time.monotonic() - began < 5


def test_progress_is_shown_unless_the_user_wants_quiet():
    body = "logging.info('attack-001  1/60')"
    assert run(body)[2].endswith("  attack-001  1/60\n")
    assert run(body, "--verbosity=-1")[2] == ""
