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
    "shout": (f"{STRATEGIES}/attacks/test_contract.py {STRATEGIES}/test_frozen.py", 9),
    "habit": (
        f"{STRATEGIES}/filters/test_contract.py {STRATEGIES}/test_frozen.py"
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


def test_a_run_is_made_of_toys_alone(tmp_path):
    """A whole PSRO run of toys: chosen by flags' names, trained, stored, played."""
    code = """
import sys
from importlib import import_module
for toy in ("shout", "habit", "climb", "coin", "hum", "newest"):
    import_module(f"tests.toys.{toy}")
from pathlib import Path
from psro_comm.lab.session import Request, open_lab
from psro_comm.psro.rmacrl import RMacrl
from psro_comm.settings.fields import replace
from psro_comm.settings.tasks import preset
from psro_comm.studies.players import find_player
from psro_comm.studies.worst_case import audit
chosen = {
    "env": "coin", "backbone": "hum", "coin.episode_limit": 5, "hum.memory_size": 4,
    "filter_kind": "habit", "filter.hidden": 4, "attack_trainer": "climb",
    "attack_oracle.env_steps": 500, "filter_oracle.env_steps": 2000,
    "psro.meta_solver": "newest", "psro.paper": True, "psro.iterations": 2,
    "psro.episodes": 8, "psro.check_episodes": 8, "training.env_steps": 4000,
    "evaluation.episodes": 8,
}
config = replace(preset("echo", "smoke"), chosen)
with open_lab(Request(config, Path(sys.argv[1]), "toys", 0)) as lab:
    solution = RMacrl(lab).solve(at_least=2)
    shout = find_player(lab, "shout@2", "attack", Path(sys.argv[1]))
    learned = find_player(lab, "toys/filter-002", "filter", Path(sys.argv[1]))
    table = audit(lab, "audit", [learned], [shout])
assert solution.history[-1].meta_solver == "newest"
assert list(solution.y) == [0, 0, 0, 1], solution.y
assert lab.store.load_policy("filter-002").facts["kind"] == "habit"
print(table.mean().shape, table.defenders, table.attackers)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "(1, 1) ('toys/filter-002',) ('shout@2',)\n"
