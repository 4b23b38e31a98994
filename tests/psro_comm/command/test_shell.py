"""A binary ends with a code and one line, whatever ends it."""

import os
import signal
import subprocess
import sys

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


SIGNALS = pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (15, 143), (signal.SIGHUP, 129)]
)
UP = "print('up', flush=True); time.sleep(60)"


def ended_by(process: subprocess.Popen, *numbers: int) -> tuple[int, str]:
    """The exit status and all errors of a program that says that it is up."""
    assert process.stdout.readline() == "up\n"
    for number in numbers:
        os.kill(process.pid, number)
    _, err = process.communicate(timeout=20)
    return process.returncode, err


@SIGNALS
@pytest.mark.parametrize("times", [1, 5])
def test_a_signal_is_one_line_and_its_own_code_however_often(number, code, times):
    found = ended_by(start(UP), *[number] * times)
    assert found == (code, "stopped: the same command continues the run\n")


def test_a_flag_file_cannot_have_a_file_written(tmp_path):
    file, profile = tmp_path / "flags.txt", tmp_path / "profile"
    file.write_text(f"--profile_file={profile}\n")
    for given in (f"--flagfile={file}", f"--profile_file={profile}"):
        code, out, err = run("print('ran')", given)
        assert code == 1
        assert "flag --profile_file" in out + err
        assert not profile.exists()


@SIGNALS
def test_a_signal_in_the_first_imports_is_its_code_and_no_line(number, code):
    early = f"import sys; sys.argv = ['-m']; import bin, time; {UP}"
    command = [sys.executable, "-c", early]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True)
    assert ended_by(process, number) == (code, "")


@SIGNALS
def test_a_signal_where_nothing_can_be_raised_comes_again(number, code):
    body = """class Late:
        def __del__(self):
            print('up', flush=True)
            time.sleep(60)
    Late()
    time.sleep(60)"""
    found = ended_by(start(body), number)
    assert found == (code, "stopped: the same command continues the run\n")


def test_a_signal_that_the_caller_ignores_stays_ignored():
    code = "import os, signal, sys; signal.signal(1, signal.SIG_IGN);"
    code += "os.execv(sys.executable, sys.argv[1:])"
    inner = [sys.executable, "-c", PROGRAM.format(body=UP)]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *inner],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert ended_by(process, signal.SIGHUP, signal.SIGTERM)[0] == 143


def test_a_reader_that_has_gone_is_no_failure():
    body = "[print('line', k) for k in range(9**5)]; open(sys.argv[0] + 'x')"
    process = start(body.replace("; open(sys.argv[0] + 'x')", ""))
    assert process.stdout.readline() == "line 0\n"
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(timeout=20) == 0


def test_a_full_or_closed_output_is_one_line_or_none():
    for shell, code, line in (
        ("> /dev/full", 2, "error: cannot print: No space left on device; what was"),
        (">&-", 0, ""),
        (">&- 2>&-", 0, ""),
    ):
        command = ["sh", "-c", f'exec "$@" {shell}', "sh", sys.executable, "-c"]
        text = PROGRAM.format(body="print('verdict')")
        done = subprocess.run(
            [*command, text], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == code
        assert done.stderr.startswith(line)
        assert done.stderr.count("\n") == bool(line)


def test_what_a_terminal_cannot_show_is_escaped():
    shown = "print('\\u03bb \\x1b[31m \\x9b \\u202e \\udc80 a\\tb')"
    body = f"{shown}; raise ValueError('\\x07')"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(body=body)],
        cwd=ROOT,
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
    )
    assert done.stdout == b"\\u03bb \\x1b[31m \\x9b \\u202e \\udc80 a\tb\n"
    assert done.stderr == b"error: \\x07\n"


def test_progress_is_shown_unless_the_user_wants_quiet():
    body = "logging.info('attack-001  1/60')"
    assert run(body)[2].endswith("  attack-001  1/60\n")
    assert run(body, "--verbosity=-1")[2] == ""


@pytest.mark.parametrize(("given", "threads"), [(None, 1), ("2", 2)])
def test_a_program_computes_in_one_thread_without_make_too(given, threads):
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    kept = {key: value for key, value in os.environ.items() if key not in names}
    own = {"OMP_NUM_THREADS": given} if given else {}
    code = "import bin.validate_psro, torch; print(torch.get_num_threads())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, env=kept | own
    )
    assert int(done.stdout) == threads, done.stderr
