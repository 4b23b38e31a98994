"""The verdict follows the intervals, and every number of the report is printed."""

import re
from pathlib import Path

import numpy as np
import pytest

from psro_comm.disk.metrics import MetricsWriter
from psro_comm.disk.store import RunStore
from psro_comm.metagame.intervals import Interval
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.reading import read_interval
from psro_comm.metagame.report import Report
from psro_comm.reports.story import (
    learning_curves,
    render,
    render_markdown,
    save_report,
)
from psro_comm.reports.verdicts import sign, verdict_lines
from tests.hand_made_report import (
    EQUILIBRIUM,
    FRESH,
    HELD_OUT,
    RMACRL,
    VANILLA,
    interval,
    make_report,
)


def set_difference(report, against, theirs, mean):
    (line,) = [
        c
        for c in report["comparison"]
        if (c["against"], c["theirs"]) == (against, theirs)
    ]
    line["difference"] = interval(mean)


def set_return(report, defender, attacker, mean):
    (row,) = [
        r
        for r in report["rows"]
        if (r["defender"], r["attacker"]) == (defender, attacker)
    ]
    row["return"] = interval(mean)


def test_the_sign_of_an_interval():
    found = Interval(8.0, 3.0, 13.0)
    assert [sign(i) for i in (found, -found, Interval(1, -1, 2))] == [1, -1, 0]


def test_the_verdict_comes_first_and_says_all():
    text = render(Report.from_dict(make_report()))
    assert text.index("VERDICT") < text.index("DOES THE TEAM TALK?")
    lines = verdict_lines(Report.from_dict(make_report()))
    assert lines[0].startswith("R-MACRL holds: ")
    for words in (
        "The team really talks: it earns 50.00 [49.50, 50.50]",
        "The attack works: bending messages takes 20.00 [19.29, 20.71]",
        "(40 %)",
        "The attacker has learnt: it takes 18.00",
        "The filter repairs: against the attack it knows it brings back 15.00",
        "75 % of what was taken",
        "with no attack the team loses 3.00",
        "A fresh attacker breaks it",
        "a lower bound",
    ):
        assert any(words in line for line in lines), words


@pytest.mark.parametrize("against", [EQUILIBRIUM, HELD_OUT, FRESH])
def test_the_sign_of_a_difference_decides_its_words(against):
    said = {}
    for mean in (2.0, 0.25, -2.0):
        report = make_report()
        set_difference(report, against, VANILLA, mean)
        report["comparison"] = [
            c for c in report["comparison"] if c["against"] == against
        ]
        (said[mean],) = [
            v for v in verdict_lines(Report.from_dict(report)) if "R-MACRL earns:" in v
        ]
    assert "2.00 [1.50, 2.50] more than the vanilla filter" in said[2.0]
    assert "cannot tell from the vanilla filter (0.25 [-0.25, 0.75]" in said[0.25]
    assert "2.00 [1.50, 2.50] less than the vanilla filter" in said[-2.0]


@pytest.mark.parametrize(
    ("defender", "attacker", "mean", "words"),
    [
        ("no-filter", "vanilla-attack", 49.8, "Cannot tell whether the attack hurts"),
        ("no-filter", "vanilla-attack", 55.0, "The attack fails"),
        ("no-filter", "noise", 30.1, "Cannot tell the attack"),
        ("no-filter", "noise", 20.0, "The attacker has learnt nothing"),
        (VANILLA, "vanilla-attack", 30.2, "Cannot tell whether the filter repairs"),
        (VANILLA, "vanilla-attack", 20.0, "The filter does harm"),
        (VANILLA, "no-attack", 50.1, "Cannot tell any price"),
        (VANILLA, "no-attack", 53.0, "earns 3.00 [2.29, 3.71] more with the filter"),
        (
            VANILLA,
            "fresh-on-vanilla",
            45.1,
            "Cannot tell whether a fresh attacker breaks",
        ),
        (VANILLA, "fresh-on-vanilla", 48.0, "A fresh attacker fails to break it"),
    ],
)
def test_every_claim_follows_its_numbers(defender, attacker, mean, words):
    assert not any(
        words in line for line in verdict_lines(Report.from_dict(make_report()))
    )
    report = make_report()
    set_return(report, defender, attacker, mean)
    assert any(words in line for line in verdict_lines(Report.from_dict(report)))


def test_what_learning_found_is_a_lower_bound_whatever_it_found():
    report = make_report()
    for mean in (4.0, 0.1, -4.0):
        report["exploitability_found"] = {RMACRL: interval(mean)}
        assert "a lower bound" in verdict_lines(Report.from_dict(report))[-1]


def test_the_tables_hold_the_numbers():
    text = render(Report.from_dict(make_report()))
    assert max(map(len, text.splitlines())) <= 100
    for line in (
        r"attack, full strength +30\.00 .* 30\.50\] +30\.0 .* 31\.0\] +1\.25 +1000",
        r"all messages zeroed +25\.00 \[24\.50, 25\.50\] +50\.00 \[49\.50, 50\.50\]",
        r"its own fresh attacker +36\.00 .* 35\.00 .* 34\.00",
        r"own fresh attacker, minus vanilla-filter-long .*cannot tell",
        r"held-out attackers, minus vanilla-filter +-2\.00 \[-2\.50, -1\.50\] +lower",
        r"2 +42\.00 \[41\.50, 42\.50\] +1\.5e-15 +2\.5e-15 +4\.00 .* 0\.25",
        r"defender +filter-002 +70\.0 %",
        r"attack's training +500,000 environment steps",
        r"R-MACRL's trainings, at most +2,800,000 environment steps",
        r"restarts of a best response +2",
        r"seed +3",
        r"converged: no",
        r"R-MACRL +50\.00 .* 35\.00 \[34\.50, 35\.50\] +affine$",
        r"R-MACRL +10\.00 \[9\.50, 10\.50\] +50 % +7\.00 \[6\.50, 7\.50\] +yes$",
        r"vanilla-filter +-5\.00 .* -25 % +-8\.00 .* no$",
        r"R-MACRL +36\.00 \[35\.50, 36\.50\] +flip@3$",
        r"^affine +19\.75 +27\.75 +34\.75$",
        r"\* vanilla-filter: beware",
    ):
        assert re.search(line, text, re.MULTILINE), line
    assert "no-filter  " not in text.split("BOTH MIXTURES")[1]  # its weight is 0


def test_wide_numbers_still_fit():
    report = make_report()
    for row in report["rows"]:
        row["return"] = interval(-123.45, 10.25)
    assert max(map(len, render(Report.from_dict(report)).splitlines())) <= 100


def test_markdown_says_the_same_and_shows_the_figures():
    report = make_report()
    text = render_markdown(
        Report.from_dict(report), ["figures/learning.svg", "figures/worst_case.svg"]
    )
    for line in verdict_lines(Report.from_dict(report)):
        assert f"* {line}" in text
    row = "| attack, full strength | 30.00 [29.50, 30.50] | 30.0 [29.0, 31.0] |"
    assert row in text
    assert "![What was played](figures/learning.svg)" in text
    assert "worst_case.svg" in text
    assert "payoffs.svg" not in text


@pytest.mark.parametrize(
    "part",
    ["columns", "exploitability_found", "comparison", "rmacrl", "budgets", "suite"],
)
def test_an_absent_part_is_left_out(part):
    report = make_report()
    del report[part]
    assert "VERDICT" in render(Report.from_dict(report))
    assert "VERDICT" in render(Report.from_dict({**report, "news": {"a": 1}}))


@pytest.mark.parametrize("part", ["gate", "rows", "task", "seed"])
def test_what_the_verdict_rests_on_must_be_there(part):
    report = make_report()
    del report[part]
    with pytest.raises(ValueError, match=part):
        render(Report.from_dict(report))


@pytest.mark.parametrize(
    "found",
    [
        None,
        3.0,
        {"estimate": 1.0, "low": 0.0},
        {"estimate": 1.0, "low": 0.0, "high": float("nan")},
        {"estimate": 1.0, "low": 2.0, "high": 0.0},
    ],
)
def test_a_damaged_interval_is_named(found):
    with pytest.raises(ValueError, match=r"^report: that one "):
        read_interval(found, "that one")
    report = make_report()
    report["rows"][2]["return"] = found
    with pytest.raises(ValueError, match="attack, full strength"):
        render(Report.from_dict(report))


def test_a_report_without_the_attack_is_refused():
    report = make_report()
    del report["rows"][2]
    with pytest.raises(ValueError, match="no row of no-filter against vanilla-attack"):
        render(Report.from_dict(report))


def make_table(attacks, means):
    returns = np.array(means)[None, :, None] + np.zeros((1, len(means), 4))
    return PayoffTable(("f",), attacks, returns, returns, returns)


@pytest.fixture
def store(tmp_path: Path):
    """A run of the hand-made report; of the fresh attack the second restart is best."""
    with (
        RunStore.open(tmp_path / "a", {"task": "predator_prey_p05"}) as store,
        MetricsWriter(store.root) as metrics,
    ):
        for name in ("vanilla-attack", VANILLA, "fresh-on-vanilla.r1"):
            log = metrics.logger(name)
            for k in range(20):
                log({"env_steps": 100.0 * k, "team/return_mean": 50.0 - k})
        store.save_json("payoffs-002", make_table(("a", "b"), (1.0, 2.0)).to_dict())
        restarts = ("fresh-on-vanilla.r0", "fresh-on-vanilla.r1")
        selection = make_table(restarts, (36.0, 35.0))
        store.save_json("fresh-on-vanilla.selection", selection.to_dict())
        yield store


def test_curves_are_those_of_the_story(store):
    curves = learning_curves(store, Report.from_dict(make_report()))
    assert [len(rows) for rows in curves[:3]] == [20, 20, 20]
    assert {row["artefact"] for row in curves.fresh} == {"fresh-on-vanilla.r1"}
    assert (curves.clean, curves.threshold) == (50.0, 20.0)


def test_a_report_is_saved_with_its_figures(store):
    files = save_report(store.root, Report.from_dict(make_report()))
    names = {file.relative_to(store.root).as_posix() for file in files}
    figures = {f"figures/{n}" for n in ("learning", "payoffs", "worst_case")}
    drawn = {f"{n}.{kind}" for n in figures for kind in ("svg", "png")}
    suite = {f"figures/suite-1234567890-{n}" for n in ("kept", "attacks")}
    drawn |= {f"{n}.{kind}" for n in suite for kind in ("svg", "png", "pdf")}
    reports = {f"report.{kind}" for kind in ("json", "txt", "md", "html")}
    assert names == reports | drawn
    assert all((store.root / name).stat().st_size > 1000 for name in drawn)
    assert (store.root / "report.txt").read_text() == render(
        Report.from_dict(make_report())
    ) + "\n"
    linked = re.findall(r"\]\((.*?)\)", (store.root / "report.md").read_text())
    assert set(linked) == {f"{name}.svg" for name in figures}


def test_a_run_without_curves_or_columns_has_a_report_all_the_same(tmp_path):
    report = make_report()
    del report["columns"], report["suite"]
    with RunStore.open(tmp_path / "b", {"task": "echo"}) as store:
        files = save_report(store.root, Report.from_dict(report))
    kinds = ("json", "txt", "md", "html")
    assert [file.name for file in files] == [f"report.{kind}" for kind in kinds]


def test_trainings_that_ended_no_episode_leave_out_their_figure_and_say_so(
    tmp_path, caplog
):
    with (
        RunStore.open(tmp_path / "c", {"task": "predator_prey_p05"}) as store,
        MetricsWriter(store.root) as metrics,
    ):
        for name in ("vanilla-attack", VANILLA):
            log = metrics.logger(name)
            log({"env_steps": 100.0, "team/return_mean": float("nan")})
        files = save_report(store.root, Report.from_dict(make_report()))
    assert "report.md" in {file.name for file in files}
    assert "learning.svg" not in {file.name for file in files}
    assert "learning.svg" not in (store.root / "report.md").read_text()
    (line,) = caplog.messages
    assert line == "no figure of the learning: no episode ended in any training"
