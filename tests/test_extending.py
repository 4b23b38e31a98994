"""A thing of each kind is added by one file and one line, and the contracts hold it.

Each file of `examples/` is a plugin of one kind, whose last line registers it; the one
in `tests/toys/` is what they leave out, a filter that learns. The contract tests of its
registry run with it, unchanged, in a process that imports it first.
"""

import os
import re
import subprocess
import sys

import pytest

from tests.paths import ROOT

STRATEGIES = "tests/oracles/strategies"
PLUGINS = {  # the file: its entry; the contract tests that hold it, how many at least
    "examples.my_attack": (
        *("mine", f"{STRATEGIES}/attacks/test_contract.py"),
        *(f"{STRATEGIES}/test_frozen.py", 9),
    ),
    "examples.my_filter": (
        *("far", f"{STRATEGIES}/filters/test_contract.py"),
        *(f"{STRATEGIES}/test_frozen.py", 7),
    ),
    "tests.toys.habit": (
        *("habit", f"{STRATEGIES}/filters/test_contract.py"),
        *(f"{STRATEGIES}/test_frozen.py", f"{STRATEGIES}/test_oracles.py", 9),
    ),
    "examples.my_oracle": ("climb", f"{STRATEGIES}/test_oracles.py", 7),
    "examples.my_environment": (
        *("coin", "tests/games/environments/test_env_contract.py", 9),
    ),
    "examples.my_backbone": (
        *("loudest", "tests/oracles/teams/backbones/test_commnet.py"),
        *("tests/games/engine/test_team.py", 3),
    ),
    "examples.my_meta_solver": (
        *("bold", "tests/psro_comm/metagame/solvers/test_registry.py", 9),
    ),
}


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_plugin_passes_the_contract_tests_of_its_registry(plugin):
    key, *files, least = PLUGINS[plugin]
    done = subprocess.run(
        [*(sys.executable, "-m", "pytest", "-q", "-p", plugin), *files, "-k", key],
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


def test_every_plugin_is_held_and_short():
    found = {f"examples.{path.stem}" for path in (ROOT / "examples").glob("my_*.py")}
    assert found - {"examples.my_team"} == {p for p in PLUGINS if p[:5] != "tests"}
    for name in found:
        lines = (ROOT / f"{name.replace('.', '/')}.py").read_text().splitlines()
        assert len(lines) < 60, name


def test_a_trained_filter_of_a_plugin_takes_part_in_a_whole_run(tmp_path):
    """A whole PSRO run of plugins: chosen by flags' names, trained, stored, played."""
    code = """
import sys
from importlib import import_module
import psro_comm as pc
for name in ("attack", "oracle", "meta_solver", "environment", "backbone"):
    pc.plugin(f"examples/my_{name}.py")
import_module("tests.toys.habit")
small = {
    "backbone": "loudest", "coin.episode_limit": 5, "loudest.memory_size": 4,
    "training.env_steps": 4000,
}
team = pc.train_team("coin", budget="smoke", settings=small)
chosen = {
    "filter_kind": "habit", "filter.hidden": 4, "attack_oracle.env_steps": 500,
    "filter_oracle.env_steps": 2000, "psro.paper": True, "psro.patience": 9,
}
found = pc.psro(
    team, attack_oracle="climb", meta_solver="bold", settings=chosen, budget="smoke",
    iterations=2, worlds=8, run=sys.argv[1] + "/plugins",
)
run = pc.load(sys.argv[1] + "/plugins")
assert [each.meta_solver for each in found.history] == ["bold", "bold"]
assert sorted(found.weights["attack"].values()) == [0, 0, 0, 1]
assert run.policies["filter-002"].kind == "habit"
played = pc.evaluate(run, ["mine@2"], {"learned": run.policies["filter-002"]}, worlds=8)
print(played.table().mean.shape, played.filters, played.attacks)
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
    assert done.stdout == "(1, 1) ('learned',) ('mine@2',)\n"
