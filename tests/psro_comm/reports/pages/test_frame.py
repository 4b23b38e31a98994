"""The frame of a page: landmarks, names, tables and pictures, all of it escaped."""

import re

from psro_comm.reports.pages.frame import (
    Part,
    bullet_list,
    page,
    picture,
    section_part,
    table,
)
from psro_comm.reports.text import Section
from tests.html_pages import PageText, words

EVIL = "<b>&'\"</b>\x1b[31m"
SVG = """<?xml version="1.0"?><!DOCTYPE svg PUBLIC "x" "http://www.w3.org/x.dtd">
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">
<metadata><a href="http://nowhere"/></metadata>
<defs><path id="m0" d="M0 0"/><clipPath id="p1"><path d="M0 0"/></clipPath></defs>
<g id="twice"/><g id="twice"/><use xlink:href="#m0" clip-path="url(#p1)"/></svg>"""


def test_a_page_has_landmarks_and_a_way_around():
    made = page("A title", [Part("One", "<p>1</p>"), Part("Two!", "", "doubts")])
    assert PageText(made).headings == ["A title", "One", "Two!"]
    for tag in ("<header>", '<main id="main"', "<nav aria-label=", '<html lang="en">'):
        assert tag in made
    assert made.index('href="#main"') < made.index("<header>")
    assert '<a href="#two">Two!</a>' in made
    assert '<section class="doubts" aria-labelledby="two">' in made
    assert "default-src 'none'" in made
    assert "prefers-color-scheme: dark" in made


def test_a_page_without_scripts_has_none_and_a_single_part_no_list():
    made = page("A", [Part("One", "")])
    assert PageText(made).scripts == 0
    assert "<nav" not in made
    assert PageText(page("A", [], ["let a = 1;"])).scripts == 1


def test_parts_of_one_title_have_names_of_their_own():
    made = page("A", [Part("Same", "1"), Part("Same", "2"), Part("†", "3")])
    assert PageText(made).ids == ["main", "same", "same-1", "part"]


def test_every_name_is_escaped_everywhere():
    section = Section(EVIL, [EVIL], [EVIL, EVIL], [[EVIL, EVIL]], [EVIL])
    made = page(EVIL, [section_part(section, picture("x", SVG, EVIL))])
    PageText(made)
    assert "<b>" not in made
    assert "\x1b" not in made
    assert made.count("&lt;b&gt;&amp;&#x27;&quot;") >= 9


def test_what_a_section_lacks_has_no_tags():
    assert section_part(Section("Bare")).inner == ""
    assert "<table" not in section_part(Section("Words", ["one"])).inner
    assert bullet_list(["a"]) == "<ul><li>a</li></ul>"


def test_a_table_names_its_rows_and_columns_and_scrolls_by_keys():
    made = table(("who", "what"), [("a", "1"), ("", "2")], "A table")
    assert '<th scope="col">who</th><th scope="col">what</th>' in made
    assert '<tr><th scope="row">a</th><td>1</td></tr>' in made
    assert "<tr><td></td><td>2</td></tr>" in made  # an empty cell names nothing
    assert 'tabindex="0" role="group" aria-label="A table"' in made
    empty = table(("on fresh messages", ""), [("auroc", "1")], "")
    assert '<th scope="col">on fresh messages</th><td></td>' in empty
    assert "thead" not in table(("", ""), [("a", "1")], "")


def test_pictures_beside_each_other_keep_their_parts_apart():
    shown = [picture(name, SVG, "what is seen") for name in ("one", "two")]
    made = page("A", [Part("Pictures", "".join(shown))])
    found = PageText(made)
    assert {"one-m0", "one-p1", "two-m0", "two-p1"} <= {*found.ids}
    assert 'xlink:href="#two-m0" clip-path="url(#two-p1)"' in made
    assert "nowhere" not in made
    assert "twice" not in made  # as matplotlib names pictures that are alike
    assert "<!DOCTYPE svg" not in made


def test_no_picture_is_nothing_and_a_huge_one_stays_in_its_file():
    assert picture("x", "", "words") == ""
    huge = picture("x", SVG + " " * 1_000_001, "words")
    assert "<svg" not in huge
    assert "see figures/x.svg" in words(huge)


def test_only_what_is_wide_may_scroll_sideways():
    style = re.search(r"<style>(.*?)</style>", page("A", []), re.DOTALL)[1]
    assert ".wide { overflow-x: auto" in style
    fixed = re.findall(r"\n([^\n{]*) \{[^}]*min-width: \d\drem", style)
    assert fixed == ["figure > div > svg, figure img"]  # in a box that scrolls
