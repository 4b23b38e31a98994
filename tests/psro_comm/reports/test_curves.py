"""Curves in words: what is kept at each budget, by which attack, and the area."""

import dataclasses
import json

import pytest

from psro_comm.metagame.suite import Suite
from psro_comm.reports.curves import curve_sections, point_sections
from psro_comm.reports.suite import render_suite
from tests.hand_made_suite import DRAWN
from tests.psro_comm.reports.test_suite import FOUND


def test_each_axis_has_a_table_of_areas_and_returns():
    cap, liars = curve_sections(DRAWN)
    assert cap.head == ("defender", "area", "1", "2", "none")
    assert liars.head == ("defender", "area", "0", "1", "2")
    area = "38.00 [37.00, 39.00]"
    assert cap.rows[1] == ("weak", area, "40.00", "36.00", "36.00")
    assert "norms" in cap.title
    assert "liars" in liars.title
    # Once, and only where there is a point that has no place on the axis.
    assert any("logarithm" in note for note in cap.notes)
    assert liars.notes == []


def test_each_point_names_its_attack_and_whether_it_held_back():
    cap, _ = point_sections(DRAWN)
    assert len(cap.rows) == 6
    assert cap.rows[1] == ("strong", "2", "46.00 [45.00, 47.00]", "flip1")
    assert cap.rows[2][1:] == ("none", "46.00 [45.00, 47.00]", "flip1, held to 2")


def test_the_report_has_them_where_there_are_any():
    assert "38.00 [37.00, 39.00]" in render_suite(DRAWN)
    assert curve_sections(FOUND) == point_sections(FOUND) == []


def test_they_are_read_back_from_json_and_a_damaged_one_is_named():
    plain = json.loads(json.dumps(DRAWN.to_dict()))
    read = Suite.from_dict(plain)
    assert [*read.curves] == DRAWN.curves
    assert dataclasses.replace(read, warnings=DRAWN.warnings).to_dict() == plain
    del plain["curves"][0]["points"][1]["used"]
    with pytest.raises(ValueError, match="'used' of a curve's point is absent"):
        Suite.from_dict(plain)
