"""Where two configurations differ, and what an older one lacks."""

from psro_comm.disk.differences import completed, difference, renamed


def test_a_difference_is_a_line_for_each_dotted_key():
    old, new = {"a": {"b": 1, "c": 2}, "d": [1]}, {"a": {"b": 1, "c": 3}, "d": [2]}
    assert difference(old, new) == ["a.c: 2 -> 3", "d: [1] -> [2]"]
    assert difference(old, old) == []
    assert difference({}, {"x": 0}) == ["x: (unset) -> 0"]


def test_an_older_configuration_gets_what_it_lacks_and_nothing_else():
    old = {"psro": {"iterations": 3}, "task": "echo"}
    new = {"psro": {"iterations": 3, "warm": False}, "credit": {"share": 0.0}, "x": 1}
    played = {"psro.warm": True, "psro.iterations": 9, "credit.share": 0.5, "ndq.y": 2}
    assert completed(old, new, played) == {
        "psro": {"iterations": 3, "warm": True},  # as it was, not as it is now
        "task": "echo",
        "credit": {"share": 0.5},
    }
    assert old == {"psro": {"iterations": 3}, "task": "echo"}
    assert completed(old, {"psro": 3}, played) == old


def test_a_setting_goes_by_todays_name_and_nothing_else_changes():
    old = {"threat": {"captured": [0], "redraw_captured": False, "cap": None}, "x": 1}
    assert renamed(old) == {
        "threat": {"malicious": [0], "redraw_malicious": False, "cap": None},
        "x": 1,
    }
    assert renamed(renamed(old)) == renamed(old)
    assert renamed({"x": 1, "threat": 3}) == {"x": 1, "threat": 3}
