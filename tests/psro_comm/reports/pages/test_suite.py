"""The page of a suite: whole, on its own, in order, with names escaped."""

import dataclasses

import pytest

from psro_comm.disk.store import RunStore
from psro_comm.reports.pages.run import Page
from psro_comm.reports.pages.suite import in_short, save_suite, suite_parts, verdict
from tests.hand_made_report import make_report
from tests.hand_made_suite import DRAWN
from tests.html_pages import PageText
from tests.psro_comm.reports.test_suite import FOUND, STRONG, WEAK


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs") / "a"
    with RunStore.open(root, {"task": "echo"}) as store:
        store.save_json("team-gate", make_report()["gate"])
        return save_suite(store, DRAWN, "python -m bin.x --a='b'")


def rendered(found) -> str:
    return Page("A suite", verdict(found), suite_parts(found, {})).render()


@pytest.fixture(scope="module")
def page(saved):
    return saved[-1].read_text()


def test_all_files_are_named(saved):
    names = ("kept", "curves", "attacks")
    pictures = [f"suite-1-{n}.{k}" for n in names for k in ("svg", "png", "pdf")]
    pages = ["suite-1.html", "report.html"]
    assert [file.name for file in saved] == ["suite-1.json", *pictures, *pages]
    assert saved[-1].read_bytes() == saved[-2].read_bytes()
    assert all(file.exists() for file in saved[1:])
    assert saved[1].parent.name == "figures"


def test_the_verdict_comes_first_doubts_and_the_command_last(page):
    headings = PageText(page).headings
    assert headings[0] == "The worst case on echo, seed 0"
    assert headings[1:3] == ["Verdict", "Does the team talk?"]
    assert headings[-2:] == ["Warnings", "How to make it again"]
    assert page.index('href="#warnings">There is 1 warning') < page.index("<svg")
    assert page.index("weak: beware") > page.index(">Warnings</h2>")
    assert "python -m bin.x --a=&#x27;b&#x27;" in page


def test_it_has_three_pictures_each_beside_its_table(page):
    assert page.count("<svg") == page.count("<figcaption>") == 3
    assert PageText(page).scripts == 0
    kept, curves, attacks = page.split("<svg")[:3]
    assert "keeps in the worst case</h2>" in kept[-4000:]
    assert "budget" in curves[-4000:]
    assert "choosing worlds</h2>" in attacks[-4000:]


def test_names_are_escaped():
    evil = "<b>&"
    kept = dataclasses.replace(STRONG, defender=evil, attack=evil, returns={evil: 1.0})
    given = dataclasses.replace(FOUND, kept=[kept], warnings=[evil], task=evil)
    text = rendered(given)
    assert "<b>" not in text
    assert text.count("&lt;b&gt;&amp;") >= 6
    assert "<svg" not in text
    PageText(text)


def test_the_verdict_is_about_each_defender_the_best_first():
    floor = dataclasses.replace(WEAK, defender="mute", worst=FOUND.floor, attack="any")
    found = dataclasses.replace(FOUND, kept=[WEAK, floor, STRONG])
    strong, mute, weak = verdict(found)
    assert strong.startswith("strong holds: in the worst case found, by swap, it keeps")
    assert "10.00 [9.00, 11.00] more than a team that hears nothing" in strong
    assert mute.startswith("mute is the floor")
    assert weak.startswith("Cannot tell whether weak holds")


def test_in_short_it_says_who_holds_and_the_floor_is_not_asked():
    floor = dataclasses.replace(WEAK, defender="mute", worst=FOUND.floor, attack="any")
    found = dataclasses.replace(FOUND, kept=[WEAK, floor, STRONG])
    assert in_short(found) == "1 of 2 defenders hold: strong."
    nobody = in_short(dataclasses.replace(FOUND, kept=[WEAK, floor]))
    assert nobody.startswith("None of 1 defenders can be told to hold")
    assert "25.00 [24.00, 26.00]" in nobody


def test_without_curves_it_has_no_such_parts():
    assert "area" not in rendered(FOUND)
    assert "area" in rendered(DRAWN)
