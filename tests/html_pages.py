"""Reads a page as a browser and a screen reader do, and says what is wrong with it."""

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

VOID = {"meta", "br", "img", "input", "link"}
MOST_BYTES = 5_000_000
_LOADING = {"src", "href", "srcset", "data", "action", "poster", "xlink:href"}
_WITHIN = re.compile(r"(#.+|data:.*)", re.DOTALL)


class PageText(HTMLParser):
    """A page taken apart; making one checks that it is whole and on its own.

    Attributes:
      headings: texts of h1 and h2, in order.
      ids: all names of places.
      scripts: number of scripts that run.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.open: list[str] = []
        self.ids: list[str] = []
        self.named: list[str] = []
        self.headings: list[str] = []
        self.problems: list[str] = []
        self.scripts = 0
        self.feed(text)
        assert self.open == []
        assert self.problems == []
        assert len(self.ids) == len({*self.ids})
        used = re.findall(r'href="#([^"]*)"|url\(#([^)]*)\)', text)
        assert {one or other for one, other in used} <= {*self.ids}
        assert {*self.named} <= {*self.ids}
        assert len(text.encode()) < MOST_BYTES
        _check_style(text)
        for svg in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
            assert ET.fromstring(svg).get("aria-label")

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        self._note(tag, known)
        self.scripts += tag == "script" and "type" not in known
        if tag == "th" and known.get("scope") not in ("row", "col"):
            self.problems.append("a table header without scope")
        if tag == "section" and "aria-labelledby" not in known:
            self.problems.append("a section without a name")
        if known.get("role") in ("group", "region") and not known.get("aria-label"):
            self.problems.append("a group without a name")
        if tag in ("input", "select") and "label" not in self.open:
            self.problems.append(f"a {tag} without a label")

    def handle_startendtag(self, tag, attrs):
        self._note(tag, dict(attrs))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("h1", "h2"):
            self.headings.append(data)

    def _note(self, tag, known):
        if "id" in known:
            self.ids.append(known["id"])
        if "aria-labelledby" in known:
            self.named.append(known["aria-labelledby"])
        if tag == "img" and not known.get("alt"):
            self.problems.append("a picture without words")
        for name in _LOADING & {*known}:
            if not _WITHIN.fullmatch(known[name] or ""):
                self.problems.append(f"{tag} loads {known[name]!r}")


def _check_style(text: str) -> None:
    """Style sheets and styles load nothing either."""
    for found in re.findall(r"url\(([^)]*)\)", text):
        assert found.startswith("#"), found
    assert "@import" not in text


def words(text: str) -> str:
    """The text of a page or a part of it, without tags, scripts and styles."""
    bare = re.sub(r"<(script|style).*?</\1>", " ", text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", bare))
