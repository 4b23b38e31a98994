"""The suite's report: a defender that keeps much, and one that does not."""

import dataclasses

from psro_comm.metagame.intervals import Interval
from psro_comm.metagame.suite import Kept, Suite
from psro_comm.reports.suite import render_suite

STRONG = Kept(
    *("strong", Interval(50.0, 49.0, 51.0), Interval(35.0, 34.0, 36.0), "swap"),
    *(Interval(37.0, 36.0, 38.0), "es on strong", Interval(10.0, 9.0, 11.0)),
    {"swap": 35.5, "flip": 40.0, "es on strong": 37.5, "es on weak": 41.5},
)
WEAK = Kept(
    *("weak", Interval(51.0, 50.0, 52.0), Interval(24.0, 23.0, 25.0), "flip"),
    *(Interval(24.0, 23.0, 25.0), "flip", Interval(-1.0, -2.5, 0.5)),
    {"swap": 30.0, "flip": 24.25, "es on strong": 33.5, "es on weak": 29.5},
)
FOUND = Suite(
    *("suite-1", "echo", 0, Interval(25.0, 24.0, 26.0), Interval(45.0, 44.0, 46.0)),
    *(Interval(20.0, 19.0, 21.0), (STRONG, WEAK), ("weak: beware",), 64, 128),
)


def lines(found):
    return render_suite(found).splitlines()


def test_each_defender_has_a_line_with_the_attack_the_distance_and_its_share():
    strong = next(line for line in lines(FOUND) if line.startswith("strong"))
    for word in ("50.00 [49.00, 51.00]", "35.00 [34.00, 36.00]", " swap ", "50 %"):
        assert word in strong
    weak = next(line for line in lines(FOUND) if line.startswith("weak "))
    assert "-1.00 [-2.50, 0.50], cannot tell" in weak
    assert "-5 %" in weak
    assert "cannot tell" not in strong


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
    (strong,) = (line for line in lines(FOUND) if line.startswith("strong"))
    assert "37.00 [36.00, 38.00]" in strong


def test_without_reach_there_is_no_share():
    nothing = dataclasses.replace(FOUND, reach=Interval(0.5, -0.5, 1.5))
    (strong,) = (line for line in lines(nothing) if line.startswith("strong"))
    assert strong.rstrip().endswith(" -")
    assert nothing.to_dict()["reach"]["estimate"] == 0.5
