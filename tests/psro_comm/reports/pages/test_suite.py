"""The page of a suite: whole, on its own, in order, with names escaped."""

import dataclasses
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

from psro_comm.reports.pages.suite import render_page, save_suite, verdict
from tests.hand_made_suite import DRAWN
from tests.psro_comm.reports.test_suite import FOUND, STRONG, WEAK

VOID = {"meta", "br", "img", "input", "link"}


class Outline(HTMLParser):
    """Collects headings and ids, and checks that what is opened is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open, self.ids, self.headings = [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_startendtag(self, tag, attrs):
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("h1", "h2"):
            self.headings.append(data)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return save_suite(tmp_path_factory.mktemp("run"), DRAWN, "python -m bin.x --a='b'")


@pytest.fixture(scope="module")
def page(saved):
    return saved[-1].read_text()


def test_all_files_are_named(saved):
    names = ("kept", "curves", "attacks")
    pictures = [f"suite-1-{n}.{k}" for n in names for k in ("svg", "png", "pdf")]
    assert [file.name for file in saved] == ["suite-1.json", *pictures, "suite-1.html"]
    assert all(file.exists() for file in saved[1:])
    assert saved[1].parent.name == "figures"


def test_verdict_and_doubts_come_first_the_command_last(page):
    headings = Outline(page).headings
    assert headings[0] == "The worst case on echo, seed 0"
    assert headings[1:3] == ["In short", "Where the search is to be doubted"]
    assert headings[-1] == "How to make it again"
    assert page.index("<svg") > page.index("weak: beware") > page.index("</header>")
    assert "python -m bin.x --a=&#x27;b&#x27;" in page


def test_it_has_three_pictures_and_loads_nothing(page):
    assert page.count("<svg") == page.count("<figcaption>") == 3
    assert "<script" not in page
    loaded = re.findall(r'(?:src|href)="([^"]*)"|url\(([^)]*)\)|@import', page)
    assert loaded
    assert all((one or other).startswith(("#", "data:")) for one, other in loaded)
    assert "prefers-color-scheme: dark" in page


def test_the_parts_of_its_pictures_have_names_of_their_own(page):
    ids = Outline(page).ids
    assert len(ids) > 100
    assert len(ids) == len({*ids})
    used = re.findall(r'href="#([^"]*)"', page) + re.findall(r"url\(#([^)]*)\)", page)
    assert {*used} <= {*ids}
    for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        assert ET.fromstring(svg).get("aria-label")


def test_names_are_escaped():
    evil = "<b>&"
    kept = dataclasses.replace(STRONG, defender=evil, attack=evil, returns={evil: 1.0})
    given = dataclasses.replace(FOUND, kept=[kept], warnings=[evil], task=evil)
    text = render_page(given, {}, evil)
    assert "<b>" not in text
    assert text.count("&lt;b&gt;&amp;") >= 6
    assert "<svg" not in text
    Outline(text)


def test_the_verdict_is_about_each_defender_the_best_first():
    floor = dataclasses.replace(WEAK, defender="mute", worst=FOUND.floor, attack="any")
    found = dataclasses.replace(FOUND, kept=[WEAK, floor, STRONG])
    strong, mute, weak = verdict(found)
    assert strong.startswith("strong holds: in the worst case found, by swap, it keeps")
    assert "10.00 [9.00, 11.00] more than a team that hears nothing" in strong
    assert mute.startswith("mute is the floor")
    assert weak.startswith("Cannot tell whether weak holds")


def test_without_doubts_and_curves_it_has_no_such_parts():
    text = render_page(dataclasses.replace(FOUND, warnings=()), {}, "x")
    assert 'class="doubts"' not in text
    assert "area" not in text
