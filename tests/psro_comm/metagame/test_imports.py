"""The meta-game is for people without torch: no module of it may load that."""

import subprocess
import sys

from tests.paths import ROOT

FOLDER = ROOT / "psro_comm" / "metagame"
LATER = {"psro_comm.metagame.formats.files"}  # the disk's safetensors load torch

CODE = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
    if "torch" in sys.modules:
        sys.exit(f"{name} loads torch")
"""


def test_no_module_of_the_meta_game_loads_torch() -> None:
    files = (file.relative_to(ROOT).with_suffix("") for file in FOLDER.rglob("*.py"))
    names = {".".join(file.parts).removesuffix(".__init__") for file in files}
    command = [sys.executable, "-c", CODE, *sorted(names - LATER)]
    found = subprocess.run(command, cwd=ROOT, check=False, stderr=subprocess.PIPE)
    assert found.returncode == 0, found.stderr.decode()
