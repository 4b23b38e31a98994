"""Programs that train or judge attacks warn of a team that does not need to talk."""

import json
import os
import subprocess
import sys

import pytest

from tests.bin.programs import TINY, fitting
from tests.html_pages import PageText
from tests.paths import ROOT

WARNING = "Attacks on messages that a team does not need mean little."
JUDGES = {
    "train_attack": (),
    "train_filter": ("--against=noise",),
    "run_psro": ("--psro.iterations=1",),
    "evaluate": ("--attacks=none", "--filters=none"),
    "worst_case": ("--defenders=none",),
    "study_meta_solvers": ("--solvers=nash,uniform", "--psro.iterations=1"),
}


def lines(folder):
    """The trainings of both teams, then each program with either of them."""
    runs = ("--task=echo", "--budget=smoke", "--workers=0", f"--runs_dir={folder}")
    found = [
        ("train_team", [*runs, "--run=good"]),
        ("train_team", [*runs, "--run=deaf", "--training.env_steps=2304"]),
    ]
    for team in ("good", "deaf"):
        for program, own in JUDGES.items():
            given = (
                f"--run={team}-{program}".replace("_", "-"),
                f"--team={team}",
                *own,
            )
            tiny = fitting(program, TINY, given)
            found.append((program, [*tiny, *runs, *given]))
    return found


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What each program said, by team and program; and the folder of the runs."""
    folder = tmp_path_factory.mktemp("runs")
    asked = lines(folder)
    done = subprocess.run(
        [sys.executable, "-m", "tests.bin.reading"],
        cwd=ROOT,
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"},
        timeout=480,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line)[1] for line in done.stdout.splitlines()]
    for (program, _), answer in zip(asked, answers, strict=True):
        assert answer["status"] == 0, (program, answer["said"])
    keys = [("good", "train_team"), ("deaf", "train_team")]
    keys += [(team, program) for team in ("good", "deaf") for program in JUDGES]
    words = (" ".join(answer["said"].split()) for answer in answers)
    return dict(zip(keys, words, strict=True)), folder


PAGES = [name for name in ("train_team", *JUDGES) if name != "evaluate"]


@pytest.mark.parametrize("team", ["good", "deaf"])
@pytest.mark.parametrize("program", PAGES)
def test_its_page_says_so_too_and_how_it_was_made(said, program, team):
    texts, folder = said
    run = team if program == "train_team" else f"{team}-{program}".replace("_", "-")
    lies = folder / run / "report.html"
    lies = lies if lies.exists() else folder / f"{run}.html"
    page = PageText(lies.read_text())
    assert str(lies) in texts[team, program].split("Saved: ")[1]
    assert page.headings[1] == "Verdict"
    doubts = page.text.partition(">Warnings</h2>")[2]
    assert (WARNING in doubts) == (team == "deaf")
    assert f"bin.{program} --task=echo" in page.text
    assert f"--run={run}" in page.text
    assert "torch" in page.text  # among the versions


@pytest.mark.parametrize("program", ["train_team", *JUDGES])
def test_a_team_that_need_not_talk_is_a_warning(said, program):
    texts, _ = said
    assert texts["deaf", program].count(WARNING) == 1
    assert WARNING not in texts["good", program]


def test_the_gate_of_the_teams_own_run_is_used(said):
    _, folder = said
    for team in ("good", "deaf"):
        measured = json.loads((folder / team / "gate.json").read_text())
        for program in ("train-attack", "run-psro", "study-meta-solvers-cross-0"):
            run = folder / f"{team}-{program}"
            assert json.loads((run / "team-gate.json").read_text()) == measured
