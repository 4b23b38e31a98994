"""What a defence costs, as a user asks for it: plan, tables, files, wrong parts."""

import json
from pathlib import Path

import pytest

from tests.bin.programs import run, run_each
from tests.html_pages import PageText

BASE = ["--task=echo", "--budget=smoke"]
OWN = ("--run=d", "--filter=tracking", "--filter_oracle.env_steps=2304")


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A study with three parts taken away, its output and its folder."""
    runs = tmp_path_factory.mktemp("runs")
    parts = "--ablate=memory,liars,mirror"
    return run("study_defence", runs, *OWN, parts, "--evaluation.episodes=16"), runs


@pytest.fixture(scope="module")
def found(done):
    result, _ = done
    assert result.returncode == 0, result.stderr
    saved = result.stdout.split("Saved: ")[1].strip().split(", ")
    return json.loads(Path(saved[0]).read_text()), [Path(name) for name in saved]


def test_it_is_told_drawn_and_stored(done, found):
    said, (_, saved) = done[0].stdout, found
    for words in (
        "WHAT TRACKING COSTS AND KEEPS: AGENT 0 LIES",
        "WHAT IT BELIEVES",
        "BY WHO LIES, AND BY HOW MANY",
        "WHAT ITS PARTS BRING",
        "FAMILIES THAT WERE LEFT OUT OF TRAINING",
    ):
        assert words in said
    assert "worst case" not in said.lower()  # which the suite alone may say
    kinds = [".json", *3 * [".svg", ".png", ".pdf"], ".html"]
    assert [path.suffix for path in saved] == kinds
    page = PageText(saved[-1].read_text())
    assert page.headings[0].startswith("What tracking costs and why it works: echo")
    assert all(path.exists() for path in saved)


def test_the_filter_meets_all_by_the_liar_the_other_agent_and_both(found):
    places = found[0]["places"]
    assert [place["liars"] for place in places] == [[0], [1], [0, 1]]
    met = {each["attack"]: each for each in places[0]["met"]}
    assert met["none"]["auroc"] is None
    assert {met[f"made_up@{f}"]["seen"] for f in ("mirror", "noise")} == {"yes"}
    assert met["swap"]["seen"] == "alike"
    for each in met.values():
        gain = each["kept"]["estimate"] - each["alone"]["estimate"]
        assert each["gain"]["estimate"] == pytest.approx(gain)
        assert len(each["liar"]) == len(each["honest"]) == 9
    # Whoever has learnt something suspects a liar far outside of the language.
    assert met["noise@2"]["auroc"] > 0.6


def test_what_the_listener_says_changes_nothing(found):
    """So no place is like another: each has its own liars."""
    bare = [{m["attack"]: m["alone"] for m in p["met"]} for p in found[0]["places"]]
    clean, lied = (place["mirror"]["estimate"] for place in (bare[1], bare[0]))
    assert clean - lied > 2.0
    assert bare[2]["mirror"]["estimate"] == pytest.approx(lied, abs=1.5)


def test_parts_stand_beside_the_whole_in_the_same_worlds(found):
    whole, *others = found[0]["variants"]
    assert [each["name"] for each in others] == [
        *("no memory", "made for one liar more", "never met mirror"),
    ]
    assert [each["left_out"] for each in others] == [None, None, "mirror"]
    assert whole["cost"] == {"estimate": 0.0, "low": 0.0, "high": 0.0}
    kept = {m["attack"]: m["kept"] for m in found[0]["places"][0]["met"]}
    assert kept == whole["returns"]
    for each in others:
        apart = each["clean"]["estimate"] - whole["clean"]["estimate"]
        assert each["cost"]["estimate"] == pytest.approx(apart)
        least = min(v["estimate"] for k, v in each["returns"].items() if k != "none")
        assert each["worst"] == each["returns"][each["attack"]]
        assert each["worst"]["estimate"] == least


def test_the_same_again_is_the_same_and_a_filter_of_a_run_is_studied(done, found):
    _, runs = done
    given = [*BASE, f"--runs_dir={runs}", "--team=d", "--filter=d/defence-whole"]
    given += ["--run=e", "--evaluation.episodes=16", "--workers=0"]
    ((code, said),) = run_each("study_defence", [given])
    assert code == 0, said
    again = json.loads(Path(said.split("Saved: ")[1].split(",")[0]).read_text())
    assert again["variants"] == []
    seen = {each["seen"] for each in again["places"][0]["met"]}
    assert seen == {"-"}  # it is not known what a policy of a run has learnt from
    for one, other in zip(again["places"], found[0]["places"], strict=True):
        same = [(m["auroc"], m["liar"]) for m in one["met"]]
        assert same == [(m["auroc"], m["liar"]) for m in other["met"]]


def test_wrong_flags_are_one_line_before_any_work(tmp_path):
    base = [*BASE, f"--runs_dir={tmp_path}", "--run=x"]
    wrong = {
        "--ablate=ears": "--ablate is 'ears', must name some of memory, context",
        "--filter=norm --filter_oracle.redraw": "has no effect where no filter is",
        "--filter=norm --filter.hidden=3": "--filter.hidden has no effect",
        "--filter=noise": "'noise' is an attack, not a filter",
        "--filter_oracle.families=ears": "filter_oracle.families is ('ears',), must be",
    }
    found = run_each("study_defence", [[*base, *line.split()] for line in wrong])
    for (code, said), words in zip(found, wrong.values(), strict=True):
        assert code in (1, 2)
        assert words in said
        assert "Traceback" not in said
    assert not (tmp_path / "x").exists()


def test_a_plan_counts_filters_and_cells(tmp_path):
    base = [*BASE, f"--runs_dir={tmp_path}", "--dry_run"]
    lines = [[], ["--ablate=memory"], ["--filter=norm"], ["--filter=norm@2"]]
    lines[3].append("--ablate=memory,context")
    plans = [said for _, said in run_each("study_defence", [base + x for x in lines])]
    for said, filters, cells in zip(
        plans, (1, 2, 0, 3), (120, 140, 120, 180), strict=True
    ):
        assert (f"filters                                {filters} x" in said) is (
            filters > 0
        )
        assert f"cells without and behind it          {cells:>3} x" in said
