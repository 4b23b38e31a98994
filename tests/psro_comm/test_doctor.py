"""The doctor, shown environments that are whole, bare, and wrong."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from psro_comm.doctor import MAP_FILES, examine, healthy, smac_problem

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder in front of the path for fake packages; `smac` is not loaded."""
    for name in [n for n in sys.modules if n.split(".")[0] == "smac"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("SC2PATH", str(tmp_path / "game"))
    yield tmp_path
    for name in [n for n in sys.modules if n.split(".")[0] == "smac"]:
        del sys.modules[name]
    importlib.invalidate_caches()


def package(folder, name, text=""):
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text(text)
    importlib.invalidate_caches()


def line(what):
    return next(f for f in examine() if what in f.what)


def test_the_impostor_is_told_from_the_challenge(site):
    package(site, "smac", "__version__ = '2.3.1'")
    package(site, "smac/facade")
    assert smac_problem().verdict == "wrong"
    assert "uninstall --yes smac" in line("SMAC3").mend
    package(site, "smac/env")
    assert smac_problem() is None


def test_a_package_that_breaks_at_import_is_wrong(site):
    package(site, "pysc2", "raise TypeError('Descriptors cannot be created')")
    found = line("pysc2 does not")
    assert found.verdict == "wrong"
    assert "Descriptors" in found.what


def test_game_and_maps(site):
    assert line("StarCraft II").verdict == "missing"
    assert all(line(f"map {name}").verdict == "missing" for name in MAP_FILES)
    base = site / "game" / "Versions" / "Base69232"
    base.mkdir(parents=True)
    (base / "SC2_x64").write_text("")
    maps = site / "game" / "Maps" / "SMAC_Maps"
    maps.mkdir(parents=True)
    (maps / "bane_vs_hM.SC2Map").write_text("")
    assert line("StarCraft II").verdict == "ok"
    assert line("map bane_vs_hM").verdict == "ok"
    missing = line("map 1o_2r_vs_4r")
    assert "TonghanWang/NDQ" in missing.mend
    assert str(maps) in missing.mend


def test_a_missing_extra_is_no_trouble_for_the_core(site):
    findings = list(examine())
    assert healthy(findings, smac=False)
    assert not healthy(findings, smac=True)


def test_bare_python_gets_one_line_a_thing(tmp_path):
    done = subprocess.run(
        [sys.executable, "-S", "-m", "bin.doctor"],  # -S: no site packages
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={"HOME": str(tmp_path)},
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == "absl is missing: flags are read by hand\n"
    assert "missing torch  -> python -m pip install -r" in done.stdout
    assert all(
        row.split()[0] in {"ok", "missing", "wrong"} for row in done.stdout.splitlines()
    )
