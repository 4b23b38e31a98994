"""The tutorial's commands, run in order, make what its sentences say."""

import os
import re
import shlex
import subprocess
import sys

import pytest

from tests.paths import ROOT


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What each command of docs/tutorial.md prints."""
    folder = tmp_path_factory.mktemp("tutorial")
    text = (ROOT / "docs/tutorial.md").read_text()
    lines = re.findall(r"^    python -m (.+)$", text, re.MULTILINE)
    found = []
    for line in lines:
        done = subprocess.run(
            [sys.executable, "-m", *shlex.split(line), f"--runs_dir={folder}"],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=480,
            check=False,
        )
        assert done.returncode == 0, (line, done.stderr)
        found.append(done.stdout)
    return found


def number(text: str, row: str) -> float:
    """The first number of a row of a table."""
    found = re.search(rf"^{re.escape(row)} +(-?[\d.]+)", text, re.MULTILINE)
    assert found, (row, text)
    return float(found[1])


def test_every_step_shows_what_the_tutorial_says_of_it(said):
    team, attack, filter_, fresh, rmacrl, worst, meta, own = said
    assert "The team really talks" in team
    assert number(attack, "trained-attack against no-filter") < 1.0
    assert number(filter_, "attack against trained-filter") > 6.0
    assert number(fresh, "trained-attack against filter") < 2.0
    value = re.search(r"value of the game: ([\d.]+)", rmacrl)
    assert value
    assert 3.4 < float(value[1]) < 4.8
    kept = worst.split("worst found")[1].split("DOES IT HOLD")[0]
    last = {
        line.split()[0]: float(line.split("]")[1].split()[0])
        for line in kept.splitlines()[1:4]
    }
    assert last["filter"] < 1.0
    assert last["psro:rmacrl"] > 3.3
    assert "DEFENDER POLICIES" in meta
    written = (ROOT / "docs/tutorial.md").read_text()
    for words, found in (
        (r"It earns ([\d.]+)", number(team, "messages as they are")),
        (r"It leaves ([\d.]+)", number(attack, "trained-attack against no-filter")),
        (r"leaves ([\d.]+): rep", number(filter_, "attack against trained-filter")),
        (r"([\d.]+) is left", number(fresh, "trained-attack against filter")),
        (r"value of the game is ([\d.]+)", float(value[1])),
        (r"The filter keeps ([\d.]+)", last["filter"]),
        (r"R-MACRL ([\d.]+) \[", last["psro:rmacrl"]),
    ):
        told = re.search(words, written)
        assert told, words
        assert float(told[1]) == pytest.approx(found, abs=0.4), words
    assert number(own, "far@3") > 7.0
