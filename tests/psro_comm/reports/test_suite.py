"""The suite's report: a defender that keeps much, and one that does not."""

import dataclasses
import json

import pytest

from psro_comm.metagame.intervals import Interval
from psro_comm.metagame.suite import Kept, Suite
from psro_comm.reports.suite import render_suite

STRONG = Kept(
    *("strong", Interval(50.0, 49.0, 51.0), Interval(35.0, 34.0, 36.0), "swap"),
    *(Interval(37.0, 36.0, 38.0), "es on strong", Interval(10.0, 9.0, 11.0)),
    {"swap": 35.5, "flip": 40.0, "es on strong": 37.5, "es on weak": 41.5},
    *("weak", Interval(11.0, 10.0, 12.0)),
)
WEAK = Kept(
    *("weak", Interval(51.0, 50.0, 52.0), Interval(24.0, 23.0, 25.0), "flip"),
    *(Interval(24.0, 23.0, 25.0), "flip", Interval(-1.0, -2.5, 0.5)),
    {"swap": 30.0, "flip": 24.25, "es on strong": 33.5, "es on weak": 29.5},
)
FOUND = Suite(
    *("suite-1", "echo", 0, Interval(25.0, 24.0, 26.0), "mute"),
    *(Interval(45.0, 44.0, 46.0), Interval(20.0, 19.0, 21.0), (STRONG, WEAK)),
    *(("weak: beware",), 64, 128),
)


def lines(found):
    return render_suite(found).splitlines()


def of(name, part):
    """The line of a defender in a part of the report."""
    text = render_suite(FOUND).split(part)[1].splitlines()
    return next(line for line in text if line.startswith(name))


def test_each_defender_has_a_line_with_the_attack_the_distance_and_its_share():
    assert of("strong", "WHAT EACH DEFENDER KEEPS").split()[-4:] == [
        *("35.00", "[34.00,", "36.00]", "swap"),
    ]
    strong = of("strong", "DOES IT HOLD?")
    for word in ("10.00 [9.00, 11.00]", " 50 % ", "11.00 [10.00, 12.00]"):
        assert word in strong
    assert strong.endswith(" yes")
    weak = of("weak", "DOES IT HOLD?").split()
    assert weak[-5:] == ["-5", "%", "-", "cannot", "tell"]
    assert of("strong", "THE WORST BY WHO").split()[-1] == "es"


@pytest.mark.parametrize(
    ("floor", "single", "holds"),
    [
        ((1, 2, 3), (1, 2, 3), True),
        ((1, 2, 3), None, True),
        ((1, 2, 3), (-1, 1, 3), None),
        ((-1, 1, 3), (1, 2, 3), None),
        ((1, 2, 3), (-3, -2, -1), False),
        ((-3, -2, -1), (-1, 1, 3), False),
    ],
)
def test_who_holds_keeps_more_than_both(floor, single, holds):
    def interval(numbers):
        low, mean, high = numbers
        return Interval(mean, low, high)

    above = interval(single) if single else None
    kept = dataclasses.replace(STRONG, above_floor=interval(floor), above_single=above)
    assert kept.holds is holds
    assert Kept.from_dict(kept.to_dict()) == kept


def test_who_was_not_searched_has_a_star_and_never_holds():
    spared = dataclasses.replace(STRONG, searched=False)
    assert STRONG.holds is True
    assert spared.holds is None
    assert Kept.from_dict(spared.to_dict()) == spared
    older = {k: v for k, v in STRONG.to_dict().items() if k != "searched"}
    assert Kept.from_dict(older) == STRONG
    text = render_suite(dataclasses.replace(FOUND, kept=(spared, WEAK)))
    assert sum(line.startswith("strong *") for line in text.splitlines()) == 3
    assert "* nothing was trained on it here" in text
    assert "*" not in render_suite(dataclasses.replace(FOUND, warnings=()))


def test_a_suite_comes_back_from_json_as_it_went():
    found = dataclasses.replace(FOUND, kept=[STRONG, WEAK], warnings=["weak: beware"])
    assert Suite.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_every_attack_has_a_line_and_every_doubt():
    text = lines(FOUND)
    assert ["flip", "40.00", "24.25"] in [line.split() for line in text]
    assert text[-1] == "  * weak: beware"
    assert "64 worlds, measured on 128 others" in " ".join(text)
    assert "DOUBTED" not in render_suite(dataclasses.replace(FOUND, warnings=()))


def test_trainings_are_one_row_each_and_what_was_trained_on_others_another():
    text = [line.split() for line in lines(FOUND)]
    assert ["es", "37.50", "29.50"] in text
    assert ["trained", "on", "others", "41.50", "33.50"] in text
    assert "37.00 [36.00, 38.00]" in of("strong", "THE WORST BY WHO")


def test_without_reach_there_is_no_share():
    nothing = dataclasses.replace(FOUND, reach=Interval(0.5, -0.5, 1.5))
    strong = [line.split() for line in lines(nothing) if line.startswith("strong")]
    assert "-" in strong[1]
    assert nothing.to_dict()["reach"]["estimate"] == 0.5
