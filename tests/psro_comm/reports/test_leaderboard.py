"""The leaderboard: which defenders are one row, and what is pooled over seeds."""

import dataclasses
import json

import pytest

from bin import make_leaderboard
from psro_comm.disk.store import RunStore, StoreError
from psro_comm.metagame.intervals import across_seeds
from psro_comm.metagame.suite import Suite
from psro_comm.reports.leaderboard import (
    entries,
    read_suites,
    render_leaderboard,
    write_leaderboard,
)
from tests.psro_comm.reports.test_suite import FOUND, STRONG, WEAK


def suite(seed: int, worst: float, name: str = "psro:r", task: str = "echo") -> Suite:
    """Of one strong defender, and the weak one of another run each time."""
    interval = STRONG.worst._replace(estimate=worst)
    strong = dataclasses.replace(STRONG, defender=name, worst=interval)
    weak = dataclasses.replace(WEAK, defender=f"run-{seed}/weak")
    return dataclasses.replace(FOUND, seed=seed, task=task, kept=(strong, weak))


def test_defenders_of_several_runs_are_one_row_the_strongest_first():
    found = entries([suite(1, 35.0), suite(0, 31.0), suite(0, 30.0, task="tj")], {})
    assert [*found] == ["echo", "tj"]
    strong, weak = found["echo"]
    assert (strong.defender, weak.defender) == ("R-MACRL", "weak")
    assert [s.seed for s, _ in strong.kept] == [0, 1]
    assert strong.interval("worst") == across_seeds([31.0, 35.0])
    # One seed keeps its own interval over worlds.
    assert found["tj"][0].interval("clean") == STRONG.clean
    named = entries([suite(0, 31.0)], {"all of them": "psro:*", "rest": "*"})["echo"]
    assert [each.defender for each in named] == ["all of them", "rest"]


def test_the_table_says_how_many_hold_and_of_which_reach():
    text = render_leaderboard(entries([suite(0, 31.0), suite(1, 35.0)], {}), "made so")
    line = next(one for one in text.splitlines() if one.startswith("| R-MACRL"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[1] == "2"
    assert cells[4:] == ["50 %, 50 %", "2 of 2", "swap, swap"]
    assert "| the floor, mute for everybody | 2 | 25.00" in text
    assert text.endswith("Made by `made so`.")


def test_the_floor_says_what_everybody_hears():
    mean = dataclasses.replace(suite(1, 35.0), mute="mute@replace=team_mean")
    text = render_leaderboard(entries([suite(0, 31.0), mean], {}), "made so")
    assert "| the floor, mute or mute@replace=team_mean for everybody | 2 |" in text


def test_two_defenders_of_one_seed_are_not_one_row():
    with pytest.raises(ValueError, match=r"R-MACRL of echo, seed 0, is there twice"):
        entries([suite(0, 31.0), suite(0, 35.0, "psro:other")], {})


def test_suites_are_read_from_runs_and_nothing_is_written_without_marks(tmp_path):
    with RunStore.open(tmp_path / "w", {"task": "echo"}) as store:
        store.save_json("suite-0123456789", suite(0, 31.0).to_dict())
        store.save_json("suite-0123456789-choice", {})
    RunStore.open(tmp_path / "other", {"task": "echo"}).close()
    (read,) = read_suites([tmp_path / "w"])
    assert read.kept[0].worst.estimate == 31.0
    with pytest.raises(StoreError, match="other holds no suite"):
        read_suites([tmp_path / "w", tmp_path / "other"])
    readme, out = tmp_path / "README.md", tmp_path / "out"
    readme.write_text("nothing here\n")
    found = entries([read], {})
    with pytest.raises(ValueError, match="leaderboard:begin"):
        write_leaderboard(found, out, "made so", readme)
    assert not out.exists()
    readme.write_text("<!-- leaderboard:begin -->\n<!-- leaderboard:end -->\n")
    write_leaderboard(found, out, "made so", readme)
    assert "### echo" in readme.read_text()
    plain = json.loads((out / "leaderboard.json").read_text())
    assert plain["echo"][0]["seeds"][0]["reached"] == 0.5
    data = json.loads((out / "marl_eval.json").read_text())
    run = data["psro_comm"]["echo"]["R-MACRL"]["seed_0"]
    assert run["absolute_metrics"]["worst_return"] == [31.0]
    assert run["step_0"]["clean_return"] == [STRONG.clean.estimate]


@pytest.mark.parametrize("text", ["R-MACRL", "=psro:*", "R-MACRL="])
def test_a_row_is_a_name_and_a_pattern(text):
    with pytest.raises(ValueError, match=r"--row is .*, must be NAME=PATTERN"):
        make_leaderboard._row(text)
