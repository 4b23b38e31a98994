"""A run's page: verdict first, then doubts, last how to make it again."""

import pytest

from psro_comm.disk.store import RunStore
from psro_comm.metagame.iteration import Solved
from psro_comm.metagame.report import Gate
from psro_comm.reports.pages import run as pages_run
from psro_comm.reports.pages.frame import Part
from psro_comm.reports.pages.run import (
    Page,
    known_gate,
    solved_part,
    solved_warnings,
    team_warnings,
)
from tests.hand_made_report import interval, make_report
from tests.html_pages import PageText, words

MACHINE = {
    "commit": "abc<1>",
    "platform": "Linux",
    "cpu": "x86",
    "gpu": None,
    "versions": {"torch": "2", "numpy": None},
}
PAGE = Page("A run", ["It holds: 1 [0, 2].", "More."], [Part("Numbers", "<p>1</p>")])


def test_the_verdict_comes_first_then_parts_then_warnings_and_the_command():
    made = PAGE._replace(
        warnings=["Beware <of> it.", "And."], parts=[None, PAGE.parts[0]]
    )
    text = made.render("python -m bin.x --a='b'", [MACHINE])
    assert PageText(text).headings == [
        *("A run", "Verdict", "Numbers", "Warnings", "How to make it again")
    ]
    assert '<p class="lead">It holds: 1 [0, 2].</p>' in text
    assert text.index('href="#warnings">There are 2 warnings') < text.index(
        "Numbers</h2>"
    )
    assert "Beware &lt;of&gt; it." in text
    assert "--a=&#x27;b&#x27;" in text
    assert '<tr><th scope="row">commit</th><td>abc&lt;1&gt;</td></tr>' in text
    assert '<tr><th scope="row">card</th><td>none</td></tr>' in text
    assert "numpy" not in text  # not installed there


def test_what_there_is_not_has_no_heading():
    text = Page("A run", ["It holds."], [None]).render()
    assert PageText(text).headings == ["A run", "Verdict"]
    assert "warning" not in words(text)


def test_machines_stand_beside_each_other():
    text = PAGE.render("x", [MACHINE, {"commit": "def", "python": "3.11"}])
    assert '<th scope="col">machine 2</th>' in text
    assert '<tr><th scope="row">python</th><td>-</td><td>3.11</td></tr>' in text


def test_it_is_saved_with_the_notes_of_its_run_and_the_same_twice(tmp_path):
    with RunStore.open(tmp_path / "a", {"task": "echo"}) as store:
        store.save_environment(MACHINE)
        beside = tmp_path / "a" / "other.html"
        files = PAGE.save(store.root, "x", beside)
    assert [file.name for file in files] == ["other.html", "report.html"]
    found = files[1].read_bytes()
    assert beside.read_bytes() == found
    assert b"abc&lt;1&gt;" in found
    PAGE.save(tmp_path / "a", "x")
    assert files[1].read_bytes() == found


def test_a_page_that_is_too_large_is_said_to_be(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(pages_run, "MOST_BYTES", 100)
    PAGE.save(tmp_path, "x")
    assert "report.html has" in caplog.text


@pytest.mark.parametrize(("name", "known"), [("gate", True), ("other", False)])
def test_the_gate_of_a_run_is_known_where_it_was_measured(tmp_path, name, known):
    with RunStore.open(tmp_path / "a", {"task": "echo"}) as store:
        store.save_json(name, make_report()["gate"])
        assert (known_gate(store) is not None) == known


def test_a_team_that_may_not_need_its_messages_is_a_warning():
    found = make_report()["gate"]
    assert team_warnings(Gate.from_dict(found)) == team_warnings(None) == []
    quiet = {k: v for k, v in found.items() if not k.startswith("fall")}
    quiet["fall_percent_all_muted"] = interval(3.0)
    (warning,) = team_warnings(Gate.from_dict(quiet))
    assert "may not need its messages" in warning


def test_what_went_wrong_in_the_solving_is_a_warning():
    found = make_report()["rmacrl"]
    found["history"][1]["meta_solver_failures"] = ["nash: no solution"]
    first, second = solved_warnings(Solved.from_dict(found))
    assert first == "Iteration 2: nash: no solution"
    assert "did not converge: after 2 iterations" in second
    found["history"][1]["meta_solver_failures"] = []
    assert solved_warnings(Solved.from_dict({**found, "converged": True})) == []
    assert solved_warnings(None) == []


def test_without_payoff_tables_there_is_no_part_of_them(tmp_path):
    solved = Solved.from_dict(make_report()["rmacrl"])
    with RunStore.open(tmp_path / "a", {"task": "echo"}) as store:
        assert solved_part(store, solved) is None
        assert solved_part(store, None) is None
