"""Settings are ready without the packages that play, learn or solve."""

import subprocess
import sys

HEAVY = ("torch", "cvxpy", "scipy", "open_spiel", "pyspiel", "matplotlib", "highspy")
LOADED = f"print([name for name in {HEAVY} if name in sys.modules])"


def loaded_by(code: str) -> str:
    """The heavy packages that a fresh interpreter has loaded after `code`."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\n{LOADED}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_the_names_of_heavy_packages_are_right():
    assert loaded_by(f"import {', '.join(HEAVY)}") == str([*HEAVY])


def test_importing_settings_loads_nothing_heavy():
    assert loaded_by("import psro_comm.settings.experiment") == "[]"


def test_the_preset_of_every_task_at_every_budget_loads_nothing_heavy():
    code = """
from psro_comm.settings.experiment import describe, from_description
from psro_comm.settings.tasks import BUDGETS, TASKS, preset
for task in TASKS:
    for budget in BUDGETS:
        config = preset(task, budget)
        assert from_description(describe(config)) == config
        assert config.extent.episode_limit > config.num_agents > 1
"""
    assert loaded_by(code) == "[]"


def test_names_of_solvers_teachers_and_stages_load_nothing_heavy():
    code = """
from games.environments.scenes import STAGES
from oracles.teams.teachers import GUIDES, TEACHERS
from psro_comm.metagame.solvers import EXACT, META_SOLVERS, solve
assert EXACT < {*META_SOLVERS}
"""
    assert loaded_by(code) == "[]"
