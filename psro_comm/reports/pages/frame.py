"""Makes web pages of parts of reports: one file each, with nothing loaded from outside.

A part has a heading and a place of its own, which the list at the top links to. Readers
without a mouse, without eyes, in the dark and on a phone are readers, too.
"""

import html
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from psro_comm.reports.pages.style import STYLE
from psro_comm.reports.text import Section, printable

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:;\
 style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title>
<link rel="icon" href="data:,">
<style>{style}</style></head><body>
<a class="skip" href="#main">Skip to the report</a>
<header><h1>{title}</h1></header>
{contents}
<main id="main" tabindex="-1">
{body}
</main>
{scripts}
</body></html>
"""
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
_NAMED, _USED = re.compile(r' id="([^"]*)"'), re.compile(r'(?:href="|url\()#([^")]*)')
_MOST = 1_000_000  # bytes of a picture; a larger one is left in its file


class Part(NamedTuple):
    """A part of a page.

    Attributes:
      title: its heading.
      inner: what is below that, as HTML.
      kind: a class of the style sheet, such as `doubts`; empty for none.
    """

    title: str
    inner: str
    kind: str = ""

    def below(self, *more: str) -> "Part":
        """Returns the part with more HTML at its end; what is empty is left out."""
        return self._replace(inner="\n".join([self.inner, *filter(None, more)]))


def page(title: str, parts: Iterable[Part], scripts: Sequence[str] = ()) -> str:
    """Returns a whole page.

    Args:
      title: its title, which is also its first heading.
      parts: its parts, in order.
      scripts: JavaScript that runs once the page is there.
    """
    places = _places(parts := list(parts))
    links = "".join(
        f'<li><a href="#{place}">{text(part.title)}</a></li>'
        for place, part in zip(places, parts, strict=True)
    )
    contents = (
        '<nav aria-label="Parts of the report"><details><summary>Parts of the report'
        f"</summary><ul>{links}</ul></details></nav>"
    )
    return _PAGE.format(
        title=text(title),
        style=STYLE,
        contents=contents if len(parts) > 1 else "",
        body="\n".join(map(_section, places, parts)),
        scripts="\n".join(f"<script>\n{script}</script>" for script in scripts),
    )


def _places(parts: Sequence[Part]) -> list[str]:
    """Returns names of parts for addresses, no two alike: titles in small letters."""
    found: list[str] = []
    for part in parts:
        name = re.sub(r"[^a-z0-9]+", "-", part.title.lower()).strip("-") or "part"
        found.append(name if name not in found else f"{name}-{len(found)}")
    return found


def _section(place: str, part: Part) -> str:
    """Returns a part of a page, which its heading names to a screen reader."""
    kind = f' class="{part.kind}"' if part.kind else ""
    head = f'<h2 id="{place}">{text(part.title)}</h2>'
    named = f'aria-labelledby="{place}"'
    return f"<section{kind} {named}>{head}\n{part.inner}\n</section>"


def bullet_list(lines: Iterable[str]) -> str:
    """Returns a list of lines of text."""
    return f"<ul>{''.join(f'<li>{text(line)}</li>' for line in lines)}</ul>"


def section_part(section: Section, *more: str) -> Part:
    """Returns a section as bullets, a table, more HTML, and what there is to say."""
    inner = [bullet_list(section.bullets)] if section.bullets else []
    if section.rows:
        inner.append(table(section.head, section.rows, section.title))
    inner += filter(None, more)
    inner += [note(words) for words in section.notes]
    return Part(section.title, "\n".join(inner))


def note(words: str) -> str:
    """Returns what there is to say to a table or a picture."""
    return f'<p class="note">{text(words)}</p>'


def table(head: Sequence[str], rows: Iterable[Sequence[str]], name: str) -> str:
    """Returns a table in a box of its own, which alone scrolls where it is too wide.

    Args:
      head: names of the columns; none are shown where all are empty.
      rows: its lines; the first cell names the line.
      name: what it is about, for those who do not see it.
    """
    named = _row(head, "th", ' scope="col"')
    top = f"<thead>{named}</thead>" if any(head) else ""
    body = "\n".join(_row(row, "td", "") for row in rows)
    return box(f"<table>{top}\n<tbody>{body}</tbody></table>", name)


def box(inner: str, name: str) -> str:
    """Returns HTML in a box that scrolls sideways, by keys as well."""
    named = f'role="group" aria-label="{text(name)}"'
    return f'<div class="wide" tabindex="0" {named}>{inner}</div>'


def _row(cells: Sequence[str], kind: str, rest: str) -> str:
    """Returns a row whose first cell names it; a header that is empty is none."""
    first, *others = map(text, cells)
    scope = rest or ' scope="row"'
    named = f"<th{scope}>{first}</th>" if first else "<td></td>"
    found = [
        f"<{kind}{rest}>{cell}</{kind}>" if cell or kind == "td" else "<td></td>"
        for cell in others
    ]
    return f"<tr>{named}{''.join(found)}</tr>"


def picture(name: str, svg: str, words: str) -> str:
    """Returns a picture with its caption; nothing where there is none.

    Args:
      name: a name that no other picture of the page has.
      svg: an SVG file as text; empty for none.
      words: what is to be seen.
    """
    if len(svg) > _MOST:
        return note(f"{words} (Too large for this page: see figures/{name}.svg.)")
    _, tag, drawn = svg.partition("<svg")
    if not tag:
        return ""
    drawn = _METADATA.sub("", drawn)
    used = {*_USED.findall(drawn)}
    drawn = _NAMED.sub(lambda found: found[0] if found[1] in used else "", drawn)
    # Each picture numbers its parts anew, and a page may use a name once.
    for before in (' id="', 'href="#', "url(#"):
        drawn = drawn.replace(before, f"{before}{name}-")
    words = text(words)
    drawn = f'{tag} role="img" aria-label="{words}"{drawn}'
    shown = f'<div tabindex="0" role="group" aria-label="Picture">{drawn}</div>'
    return f"<figure>{shown}\n<figcaption>{words}</figcaption></figure>"


def text(words: str) -> str:
    """Returns words as HTML, control characters written out."""
    return html.escape(printable(words))
