"""The worst case and the teams in it, as a user asks for them: plans, files, errors."""

import json
import re
from pathlib import Path

import pytest

from tests.bin.programs import run


def test_a_worst_case_is_told_drawn_and_put_on_a_page(tmp_path):
    asked = ("--run=worst", "--defenders=none,mute", "--curves=liars")
    plan = run("worst_case", tmp_path, *asked, "--dry_run")
    assert "affine, curves over liars" in plan.stdout, plan.stderr
    assert not (tmp_path / "worst").exists()
    done = run("worst_case", tmp_path, *asked, "--attack_oracle.env_steps=1")
    assert done.returncode == 0, done.stderr
    assert "BY THE ATTACKER'S BUDGET: NUMBER OF LIARS" in done.stdout
    saved = [Path(name) for name in done.stdout.split("Saved: ")[1].strip().split(", ")]
    found = json.loads(saved[0].read_text())
    assert [curve["defender"] for curve in found["curves"]] == ["none", "mute"]
    pictures = [".svg", ".png", ".pdf"]
    assert [path.suffix for path in saved] == [".json", *3 * pictures, *2 * [".html"]]
    assert all(path.exists() for path in saved)
    page = saved[-1].read_text()
    assert saved[-1] == tmp_path / "worst" / "report.html"
    assert "python -m bin.worst_case --task=echo" in page
    assert "--curves=liars" in page


@pytest.mark.parametrize("given", ["cap,size", "cap,cap", "all,cap", "none"])
def test_wrong_budgets_are_one_line_before_any_work(tmp_path, given):
    done = run("worst_case", tmp_path, "--run=worst", f"--curves={given}")
    assert done.returncode in (1, 2)
    wanted = f"--curves is {given!r}, must be all, or name some of cap, rate, liars"
    assert wanted in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "worst").exists()


def test_all_budgets_are_all_and_cost_more_than_one(tmp_path):
    plans = [
        run("worst_case", tmp_path, "--dry_run", f"--curves={given}").stdout
        for given in ("all", "cap,rate,liars", "cap", "")
    ]
    assert plans[0] == plans[1]
    assert len({*plans}) == 3
    # Of two defenders, for nobody is heard behind the third, at five caps beside none.
    assert re.search(r"affine, curves over cap +10 x", plans[2])
    assert "curves" not in plans[3]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--hardening.rounds=1"], "--hardening.rounds has no effect without --harden"),
        (["--hardening.search_steps=9"], "search_steps has no effect without --harden"),
        (["--harden=nobody"], "run 'nobody' does not exist"),
        (["--commnet.ensemble=2"], "commnet.ensemble is 2, must be at most 1, the oth"),
        (
            ["--harden=x", "--training.teacher_prob=0.1"],
            "--training.teacher_prob has no effect with --harden",
        ),
        (["--training.message_dropout=1"], "at least 0 and below 1"),
    ],
)
def test_a_team_that_makes_no_sense_is_one_line_before_any_work(tmp_path, given, words):
    done = run("train_team", tmp_path, "--run=t", *given)
    assert done.returncode in (1, 2)
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "t").exists()


def test_an_ensemble_is_trained_and_certified_and_another_team_learns_on(tmp_path):
    small = ("--echo.speakers=3", "--training.env_steps=4096")
    done = run("train_team", tmp_path, "--run=e", *small, "--commnet.ensemble=1")
    assert done.returncode == 0, done.stderr
    assert "WHAT NO LIE CAN CHANGE" in done.stdout
    assert "one liar is in 1 of 3 subsets of 1" in done.stdout
    assert run("train_team", tmp_path, "--run=p", *small).returncode == 0
    hard = ("--harden=p", "--hardening.rounds=0", "--hardening.families=mirror")
    done = run("train_team", tmp_path, "--run=h", *small, *hard)
    assert done.returncode == 0, done.stderr
    assert "WHAT NO LIE CAN CHANGE" not in done.stdout
    # Both in one table with the plain team, and the report says who plays with whom.
    filters = "--filters=none,h,e"
    done = run(
        "evaluate", tmp_path, "--run=v", "--team=p", "--echo.speakers=3", filters
    )
    assert done.returncode == 0, done.stderr
    assert "commnet, hardened on p in 0 rounds" in done.stdout
    assert "commnet, ensemble over subsets of 1" in done.stdout
