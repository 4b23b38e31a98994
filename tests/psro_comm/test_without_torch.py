"""The meta-game, reports and what reads a run are for people without torch."""

import subprocess
import sys

import pytest

from tests.paths import ROOT

FOLDERS = ("psro_comm/metagame", "psro_comm/reports", "psro_comm/disk")
WITH = {"psro_comm.disk.events"}  # tensorboardX loads torch; imported where it writes

CODE = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
    if "torch" in sys.modules:
        sys.exit(f"{name} loads torch")
"""


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_module_of_the_folder_loads_torch(folder: str) -> None:
    found = (ROOT / folder).rglob("*.py")
    files = (file.relative_to(ROOT).with_suffix("") for file in found)
    names = {".".join(file.parts).removesuffix(".__init__") for file in files}
    command = [sys.executable, "-c", CODE, *sorted(names - WITH)]
    done = subprocess.run(command, cwd=ROOT, check=False, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr.decode()
