"""Whether the team talks, and the story in episodes."""

import re

import pytest

from psro_comm.metagame.report import Report
from psro_comm.reports.verdicts import verdict_lines
from tests.hand_made_report import interval, make_report


@pytest.mark.parametrize(
    ("fall", "words"),
    [
        (20.0, "could do without"),
        (0.2, "Cannot tell whether the team talks"),
        (-9.0, "better off muted"),
    ],
)
def test_a_team_that_hardly_talks_is_called_that(fall, words):
    report = make_report()
    report["gate"]["fall_percent_all_muted"] = interval(fall)
    report["gate"]["fall_points_all_muted"] = interval(fall / 10)
    assert words in verdict_lines(Report.from_dict(report))[1]


@pytest.mark.parametrize(
    ("points", "words"),
    [
        (12.0, "really talks: .* a loss of 12.00 .* points of success"),
        (9.0, "could do without"),
        (None, "too little to say"),
    ],
)
def test_where_returns_are_costs_talk_is_counted_in_points_of_success(points, words):
    report = make_report()
    del report["gate"]["fall_percent_all_muted"]
    report["gate"]["fall_points_all_muted"] = interval(points or 0.0)
    if points is None:
        del report["gate"]["fall_points_all_muted"]
    assert re.search(words, verdict_lines(Report.from_dict(report))[1])


def test_a_team_that_loses_few_returns_but_many_games_talks():
    report = make_report()
    report["gate"]["fall_percent_all_muted"] = interval(26.0)
    report["gate"]["fall_points_all_muted"] = interval(45.0)
    assert "really talks" in verdict_lines(Report.from_dict(report))[1]
    assert (
        "45.00 [44.50, 45.50] points of success"
        in verdict_lines(Report.from_dict(report))[1]
    )


def test_the_story_is_told_in_episodes_too():
    (line,) = (
        one
        for one in verdict_lines(Report.from_dict(make_report()))
        if "Episodes in" in one
    )
    assert "50.0 % clean, 30.0 % under attack, 45.0 % with the filter, 35.0 %" in line


@pytest.mark.parametrize("hurt", [None, "vanilla-filter", "R-MACRL"])
def test_where_no_attack_hurts_anybody_there_is_nothing_to_hold_against(hurt):
    report = make_report()
    for each in report["suite"]["kept"]:
        if each["defender"] != hurt:
            each["worst"] = each["clean"]
    first = verdict_lines(Report.from_dict(report))[0]
    assert first.startswith("Nothing to hold against") == (hurt is None)
    assert first.startswith("R-MACRL holds") != (hurt is None)


@pytest.mark.parametrize(
    ("floor", "single", "head"),
    [
        (3.0, 3.0, "R-MACRL holds: in the worst case found, by affine, it keeps 35.00"),
        (3.0, 0.1, "Cannot tell whether R-MACRL holds:"),
        (0.1, 3.0, "Cannot tell whether R-MACRL holds:"),
        (3.0, -3.0, "R-MACRL does not hold:"),
        (-3.0, 0.1, "R-MACRL does not hold:"),
    ],
)
def test_the_headline_is_about_the_worst_case_of_the_suite(floor, single, head):
    report = make_report()
    mine = report["suite"]["kept"][2]
    mine["above_floor"], mine["above_single"] = interval(floor), interval(single)
    assert verdict_lines(Report.from_dict(report))[0].startswith(head)


def test_the_headline_says_how_much_of_what_could_be_reached():
    line = verdict_lines(Report.from_dict(make_report()))[0]
    assert "10.00 [9.50, 10.50] more than a team that hears nothing" in line
    assert "50 % of what muting the liar adds" in line
    assert (
        "7.00 [6.50, 7.50] more than the best single filter (vanilla-filter-long)"
        in line
    )


def test_without_a_suite_no_worst_case_is_spoken_of():
    report = make_report()
    report["suite"] = {}
    first, *rest = verdict_lines(Report.from_dict(report))
    assert first == "What R-MACRL keeps in the worst case was not measured."
    assert not any(
        "worst case" in line.replace("which is no worst case", "") for line in rest
    )
