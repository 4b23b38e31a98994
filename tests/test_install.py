"""`pip install .` in a fresh virtual environment, and its command anywhere."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
import sysconfig

import pytest

from tests.paths import ROOT

PARTS = ("games", "oracles", "psro_comm", "bin", "pyproject.toml", "README.md")
OLDEST = 77  # of setuptools, that knows the name of a licence


@pytest.mark.slow
def test_an_installed_package_works_from_any_folder(tmp_path):
    setuptools = importlib.metadata.version("setuptools").split(".")[0]
    if int(setuptools) < OLDEST:
        pytest.skip(
            f"setuptools {setuptools} builds no such package; pip fetches its own"
        )
    source, venv = tmp_path / "source", tmp_path / "venv"
    source.mkdir()
    for part in (*PARTS, "LICENSE", "requirements.txt"):
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, source / part)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    python = venv / "bin/python"
    site = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
    (ours,) = venv.glob("lib/*/site-packages")
    (ours / "what_is_here.pth").write_text(site)
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "-q"]
    how = ["--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    subprocess.run([*pip, *how, source], check=True)
    shutil.rmtree(source)
    plain = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}

    def said(*command):
        how = {"cwd": tmp_path, "env": plain, "capture_output": True, "text": True}
        done = subprocess.run(command, check=False, **how)
        return done.returncode, done.stdout + done.stderr

    status, text = said(venv / "bin/psro-comm", "evaluate", "--help")
    assert status == 1  # absl's
    assert "--attacks" in text
    status, text = said(venv / "bin/psro-comm", "evalute")
    assert status == 1
    assert "did you mean evaluate?" in text
    status, text = said(venv / "bin/psro-comm", "help")
    assert status == 0
    assert "train_team" in text
    status, text = said(
        *(venv / "bin/psro-comm", "evaluate", "--task=echo", "--budget=smoke"),
        *(f"--plugin={ROOT}/examples/my_team.py", "--team=parrots"),
        *("--workers=0", "--evaluation.episodes=4", "--attacks=none,flip"),
    )
    assert status == 0, text
    assert "8.00 [8.00, 8.00]" in text
    assert (tmp_path / "runs/evaluation-echo-smoke-0/manifest.json").exists()
    status, text = said(python, "-c", "import psro_comm; print(psro_comm.__file__)")
    assert str(venv) in text
    assert "Apache License" in next(ours.glob("psro_comm-*/**/LICENSE")).read_text()
