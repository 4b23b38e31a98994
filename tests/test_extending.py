"""A thing of each kind is added by one file and one line, and the contracts hold it.

Each toy is one file of `tests/toys/`, whose last line registers it. The contract tests
of its registry run with it, unchanged, in a process that imports the toy first.
"""

import os
import re
import subprocess
import sys

import pytest

from tests.paths import ROOT

STRATEGIES = "tests/oracles/strategies"
TOYS = {  # the file: the contract tests that hold its entry, and at least how many
    "flip": (f"{STRATEGIES}/test_attacks.py {STRATEGIES}/test_frozen.py", 9),
    "habit": (
        f"{STRATEGIES}/test_filters.py {STRATEGIES}/test_frozen.py"
        f" {STRATEGIES}/test_oracles.py",
        9,
    ),
    "climb": (f"{STRATEGIES}/test_oracles.py", 7),
    "coin": ("tests/games/environments/test_env_contract.py", 9),
    "hum": (
        "tests/oracles/teams/backbones/test_commnet.py tests/games/engine/test_team.py",
        3,
    ),
    "newest": ("tests/psro_comm/metagame/solvers/test_registry.py", 9),
}


def test_every_toy_is_held():
    assert {*TOYS} == {path.stem for path in (ROOT / "tests/toys").glob("*.py")}


@pytest.mark.parametrize("toy", TOYS)
def test_a_toy_passes_the_contract_tests_of_its_registry(toy):
    files, least = TOYS[toy]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", f"tests.toys.{toy}"),
            *files.split(),
            *("-k", toy),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    (passed,) = re.findall(r"(\d+) passed", done.stdout)
    assert int(passed) >= least, done.stdout


@pytest.mark.parametrize("toy", TOYS)
def test_a_toy_registers_itself_in_its_last_line_and_nowhere_else(toy):
    *_, last = (ROOT / f"tests/toys/{toy}.py").read_text().splitlines()
    assert re.match(rf'[A-Z_]+\["{toy}"\] = Entry\(', last)
