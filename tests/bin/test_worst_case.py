"""The worst case as a user asks for it: its plan, its files, and wrong budgets."""

import json
from pathlib import Path

import pytest

from tests.bin.programs import run


def test_a_worst_case_is_told_drawn_and_put_on_a_page(tmp_path):
    asked = ("--run=worst", "--defenders=none,mute", "--curves=liars")
    plan = run("worst_case", tmp_path, *asked, "--dry_run")
    assert "attacks at each point of the curves" in plan.stdout, plan.stderr
    assert not (tmp_path / "worst").exists()
    done = run("worst_case", tmp_path, *asked, "--attack_oracle.env_steps=1")
    assert done.returncode == 0, done.stderr
    assert "BY THE ATTACKER'S BUDGET: NUMBER OF LIARS" in done.stdout
    saved = [Path(name) for name in done.stdout.split("Saved: ")[1].strip().split(", ")]
    found = json.loads(saved[0].read_text())
    assert [curve["defender"] for curve in found["curves"]] == ["none", "mute"]
    pictures = [".svg", ".png", ".pdf"]
    assert [path.suffix for path in saved] == [".json", *3 * pictures, ".html"]
    assert all(path.exists() for path in saved)
    page = saved[-1].read_text()
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
    # Three defenders, of whom each meets two trainings at each of six caps.
    assert "attacks at each point of the curves   36 x" in plans[2]
    assert "curves" not in plans[3]
