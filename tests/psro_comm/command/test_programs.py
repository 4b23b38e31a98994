"""The command that pip installs: every program by its name, none of them imported."""

import sys

import pytest

from psro_comm.command import programs
from tests.paths import ROOT


def test_all_programs_are_listed_with_what_they_do(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["psro-comm", "help"])
    with pytest.raises(SystemExit) as stop:
        programs.main()
    assert stop.value.code == 0
    said = capsys.readouterr().out
    for path in (ROOT / "bin").glob("[a-z]*.py"):
        assert f"  {path.stem} " in said
    assert "Runs R-MACRL (algorithm 1)" in said


def test_without_a_program_it_says_which_there_are(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["psro-comm"])
    with pytest.raises(SystemExit) as stop:
        programs.main()
    assert stop.value.code == 1
    assert "evaluate" in capsys.readouterr().out


def test_an_unknown_program_names_the_nearest(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["psro-comm", "evalute"])
    with pytest.raises(SystemExit, match=r"did you mean evaluate\?"):
        programs.main()
