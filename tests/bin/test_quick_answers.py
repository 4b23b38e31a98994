"""What needs no work is answered without what the work needs."""

import json
import os
import subprocess
import sys

import pytest

from tests.bin.programs import ROOT

HEAVY = ("torch", "cvxpy", "matplotlib", "scipy", "open_spiel", "pyspiel")
PROGRAMS = sorted(path.stem for path in (ROOT / "bin").glob("[a-z]*.py"))
REQUIRED = {  # to be given with any other flag
    "train_filter": ["--against=noise"],
    "compare_meta_solvers": ["--payoffs=table.nfg"],
    "make_results": ["--runs=a"],
}
PLANNED = (  # the others read a table, or OpenSpiel's solver, for their plan
    *("quickstart", "run_psro", "train_team", "train_attack", "train_filter"),
    *("evaluate", "inspect_messages"),
)
LOADED = """
import json, runpy, sys
program, *arguments = json.loads(sys.argv[1])
sys.argv = [program, *arguments]
try:
    runpy.run_module(f"bin.{program}", run_name="__main__", alter_sys=True)
except SystemExit as stop:
    heavy = sorted({name.partition(".")[0] for name in sys.modules} & {*HEAVY})
    found = sys.modules["absl.flags"].FLAGS.flags_by_module_dict().items()
    own = [each.name for file, flags in found if file[:5] != "absl." for each in flags]
    print("\\n" + json.dumps([stop.code, heavy, own]))
"""


def answered(program, *arguments):
    """Exit status, what was said, heavy packages that it loaded, flags of its own."""
    done = subprocess.run(
        [
            *(sys.executable, "-c", f"HEAVY = {HEAVY}{LOADED}"),
            json.dumps([program, *arguments]),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        timeout=60,
        check=True,
    )
    said, _, last = done.stdout.rstrip().rpartition("\n")
    status, heavy, own = json.loads(last)
    return status, said + done.stderr, heavy, own


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_needs_nothing_heavy(program):
    status, said, heavy, own = answered(program, "--help")
    assert (status, heavy) == (1, [])  # absl's
    assert own
    for name in own:
        assert f"--{name}:" in said or f"--[no]{name}:" in said


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_wrong_flag_needs_nothing_heavy(program):
    given = REQUIRED.get(program, [])
    status, said, heavy, _ = answered(program, *given, "--nonsense=3")
    assert (status, heavy) == (1, [])
    assert "Unknown command line flag 'nonsense'" in said


@pytest.mark.parametrize("program", PLANNED)
def test_a_plan_needs_nothing_heavy(program, tmp_path):
    given = REQUIRED.get(program, [])
    where = f"--runs_dir={tmp_path}"
    # On a machine with a GPU, whether torch can use it is for torch to say.
    plan = ("--task=echo", "--device=cpu", "--dry_run", where)
    status, said, heavy, _ = answered(program, *plan, *given)
    assert (status, heavy) == (0, [])
    assert "env steps" in said
    assert not list(tmp_path.iterdir())
