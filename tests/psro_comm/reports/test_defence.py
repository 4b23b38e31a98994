"""A study of a defence in words: what it costs, whom it suspects, what parts bring."""

import dataclasses

import pytest

from psro_comm.metagame.defence import FALSE_ALARMS, Defence, Met, Place, Variant
from psro_comm.metagame.intervals import Interval
from psro_comm.reports.defence import render_defence


def around(mean: float, half: float = 1.0) -> Interval:
    return Interval(mean, mean - half, mean + half)


def met(attack: str, kept: float, seen: str, auroc: float | None) -> Met:
    alone = 50.0 if auroc is None else 10.0
    rates = [] if auroc is None else [0.5] * len(FALSE_ALARMS)
    found = None if auroc is None else 0.75
    return Met(
        *(attack, seen, around(alone), around(kept), around(kept - alone, 0.5)),
        *(auroc, found, 0.0125, rates, [0.25, None, 0.875], [0.0, 0.125, 0.0625]),
    )


MET = (
    met("none", 48.0, "-", None),
    met("made_up@mirror", 44.0, "yes", 0.875),
    met("swap", 30.0, "alike", 0.75),
    met("flip", 35.0, "no", 0.5),
)
BOTH = (*MET[:2], met("swap", 46.0, "alike", 1.0), met("flip", 47.0, "no", 1.0))
RETURNS = {each.attack: each.kept for each in MET}
AUROC = {each.attack: each.auroc for each in MET[1:]}
WHOLE = Variant(
    *("whole", None, around(48.0), around(0.0, 0.0), "swap", around(30.0)),
    *(around(0.0, 0.0), RETURNS, AUROC),
)
LESS = Variant(
    *("never met mirror", "mirror", around(47.0), around(-1.0), "made_up@mirror"),
    *(around(20.0), around(-10.0), {**RETURNS, "made_up@mirror": around(20.0)}),
    {**AUROC, "made_up@mirror": 0.625},
)
FOUND = Defence(
    *("defence-1", "echo", 3, "tracker", 64),
    (
        Place("agent 1", [1], around(25.0), around(45.0), MET),
        Place("agents 0, 1", [0, 1], around(24.0), around(35.0), BOTH),
    ),
    (WHOLE, LESS),
)


def line(of: str, part: str, found: Defence = FOUND) -> list[str]:
    """The cells of a line in a part of the report."""
    text = render_defence(found).split(part)[1].splitlines()
    row = next(each for each in text if each.startswith(of))
    return [cell for cell in row.split("  ") if cell]


def test_each_lie_has_what_is_kept_gained_and_how_it_is_told():
    assert [cell.strip() for cell in line("swap", "COSTS AND KEEPS")] == [
        *("swap", "alike", "10.00 [9.00, 11.00]", "30.00 [29.00, 31.00]"),
        *("20.00 [19.50, 20.50]", "0.750", "75.0", "1.2"),
    ]
    assert [c.strip() for c in line("none", "COSTS AND KEEPS")][-3:] == [
        "-",
        "-",
        "1.2",
    ]


@pytest.mark.parametrize(
    ("gain", "words"),
    [
        ((-2.0, -2.5, -1.5), "tracker costs 2.00 [1.50, 2.50] of 50.00 [49.00, 51.00]"),
        (
            (-0.2, -0.7, 0.3),
            "costs nothing that can be told in clean play (0.20 [-0.30",
        ),
        (
            (2.0, 1.5, 2.5),
            "tracker adds 2.00 [1.50, 2.50] to 50.00 [49.00, 51.00] even",
        ),
    ],
)
def test_the_cost_in_clean_play_is_a_sentence(gain, words):
    clean = dataclasses.replace(MET[0], gain=Interval(*gain))
    place = dataclasses.replace(FOUND.places[0], met=(clean, *MET[1:]))
    text = render_defence(dataclasses.replace(FOUND, places=[place]))
    assert words in " ".join(text.split())


def test_belief_is_told_by_step_and_gaps_are_dashes():
    cells = [cell.strip() for cell in line("swap", "WHAT IT BELIEVES")]
    assert cells == ["swap", "0.25", "-", "0.88", "0.00", "0.12", "0.06"]


def test_the_worst_of_these_is_told_by_who_lies():
    for row, cells in {
        "swap": ["30.00", "46.00"],
        "worst of these": ["30.00 [29.00, 31.00]", "44.00 [43.00, 45.00]"],
        "... by": ["swap", "made_up@mirror"],
        "liars muted": ["45.00 [44.00, 46.00]", "35.00 [34.00, 36.00]"],
        "mean AUROC": ["0.708", "0.958"],
    }.items():
        found = [cell.strip() for cell in line(row, "BY WHO LIES")]
        assert found == [row, *cells]


def test_a_part_has_its_distance_to_the_whole_and_a_family_both_results():
    cells = [c.strip() for c in line("never met mirror", "WHAT ITS PARTS BRING")]
    assert cells == [
        *("never met mirror", "47.00 [46.00, 48.00]", "-1.00 [-2.00, 0.00]"),
        *("20.00 [19.00, 21.00]", "made_up@mirror", "-10.00 [-11.00, -9.00]", "0.625"),
    ]
    cells = [c.strip() for c in line("mirror", "FAMILIES THAT WERE LEFT OUT")]
    assert cells == [
        *("mirror", "44.00 [43.00, 45.00]", "20.00 [19.00, 21.00]", "0.875", "0.625"),
    ]


def test_without_parts_there_are_no_such_tables():
    text = render_defence(dataclasses.replace(FOUND, variants=()))
    assert "PARTS BRING" not in text
    assert "LEFT OUT" not in text
