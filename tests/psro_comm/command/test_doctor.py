"""The doctor sees what is there, what is missing, and who only has the name."""

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

from psro_comm.command import doctor
from psro_comm.command.doctor import NOTE, OK, WRONG, Finding, examine, pins
from tests.bin.programs import ROOT


def found(what: str, findings: list[Finding]) -> Finding:
    """The one finding that speaks of `what`."""
    (finding,) = [f for f in findings if what in f.what]
    return finding


@pytest.fixture
def bare(no_smac: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder for fake packages, and no game."""
    monkeypatch.setenv("SC2PATH", str(tmp_path / "game"))
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_this_machine_has_the_core(bare: Path) -> None:
    findings = examine(ROOT)
    assert not [f for f in findings if f.state == WRONG]
    assert found("torch computes", findings).state == OK
    assert found("HIGHS", findings).what == "cvxpy has HIGHS and CLARABEL"


def test_starcraft_is_needed_only_where_it_is_asked_for(bare: Path) -> None:
    for smac, state in ((False, NOTE), (True, WRONG)):
        game = found("no StarCraft II", examine(ROOT, smac=smac))
        assert game.state == state
        assert str(bare / "game") in game.what
        assert game.mend.startswith("wget ")


def test_the_impostor_is_told_from_starcrafts_smac(bare: Path) -> None:
    (bare / "smac" / "facade").mkdir(parents=True)
    # Importing it would fail: it is only looked at.
    (bare / "smac" / "__init__.py").write_text("raise SystemError('SMAC3')")
    finding = found("smac is", examine(ROOT, smac=True))
    assert (finding.state, "SMAC3" in finding.what) == (WRONG, True)
    assert finding.mend.startswith("python -m pip uninstall -y smac && ")
    (bare / "smac" / "env" / "starcraft2").mkdir(parents=True)
    assert found("smac is", examine(ROOT)).state == OK


def test_each_map_is_looked_for_and_its_source_named(bare: Path) -> None:
    (bare / "game" / "Versions" / "Base69232").mkdir(parents=True)
    (bare / "game" / "Versions" / "Base69232" / "SC2_x64").touch()
    maps = bare / "game" / "Maps" / "SMAC_Maps"
    maps.mkdir(parents=True)
    (maps / "3m.SC2Map").touch()
    findings = examine(ROOT, smac=True)
    assert "Base69232" in found("StarCraft II", findings).what
    assert found("map 3m", findings) == Finding(OK, "map 3m")
    assert "oxwhirl/smac" in found("map 8m", findings).mend
    lacking = found("map bane_vs_hM", findings)
    assert lacking.state == WRONG
    assert "TonghanWang/NDQ" in lacking.mend
    assert str(maps) in lacking.mend


def test_missing_and_other_versions_are_told_apart(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    have = {"numpy": "1.26.0", "torch": "2.13.0+cpu", "pysc2": "4.0.0"}

    def version(name: str) -> str:
        if name not in have:
            raise importlib.metadata.PackageNotFoundError
        return have[name]

    monkeypatch.setattr(importlib.metadata, "version", version)
    findings = examine(ROOT, smac=True)
    assert found("numpy", findings).state == NOTE  # it may do
    assert found("torch 2.13", findings).state == OK  # a build of the pinned version
    assert found("scipy", findings) == Finding(
        WRONG, f"scipy is missing, {pins_of()['scipy']} is wanted", "make setup"
    )
    have["protobuf"] = "7.36.2"
    assert found("protobuf", examine(ROOT, smac=True)).state == WRONG
    have["protobuf"] = "3.20.3"
    assert found("protobuf", examine(ROOT, smac=True)).state == OK


def pins_of() -> dict[str, str]:
    return pins((ROOT / "requirements.txt").read_text())


def test_pins_are_read_without_their_reasons() -> None:
    assert pins("# a==1\nopen_spiel==2.0.2   # host\ntorch>=2\nx-y==1.0.dev0\n") == {
        "open_spiel": "2.0.2",
        "x-y": "1.0.dev0",
    }


def test_a_package_that_breaks_on_import_is_a_finding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "cvxpy", None)  # import raises ImportError
    finding = doctor._solvers()
    assert finding.state == WRONG
    assert finding.what.startswith("cvxpy does not import: ModuleNotFoundError")


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_program_succeeds_for_the_core_and_fails_for_a_game_that_is_not_there(
    bare: Path,
) -> None:
    done = run("-m", "bin.doctor")
    assert done.returncode == 0, done.stderr
    assert "ok    torch computes" in done.stdout
    done = run("-m", "bin.doctor", "--smac")
    assert done.returncode == 2
    assert "to mend, each with its command above" in done.stderr


def test_it_says_one_line_where_nothing_is_installed() -> None:
    done = run("-S", "-E", "-m", "bin.doctor")  # no site-packages
    assert done.returncode == 1
    assert done.stderr == "wrong absl-py is missing, and with it all else: make setup\n"
