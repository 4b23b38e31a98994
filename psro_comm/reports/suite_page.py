"""Makes a web page of a suite: verdict and doubts, tables, pictures, how it was made.

The page holds its pictures, has no script, and loads nothing from elsewhere.
"""

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from psro_comm.disk.files import make_folder, read_bytes, write_atomic
from psro_comm.metagame.suite import ANY, Suite
from psro_comm.reports.curves import curve_sections, point_sections
from psro_comm.reports.figures.curves import plot_curves
from psro_comm.reports.figures.suite import plot_attacks, plot_kept
from psro_comm.reports.suite import holding_line, suite_sections
from psro_comm.reports.text import Section

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title>
<style>
:root {{ --ink: #222; --paper: #fff; --quiet: #595959; --line: #ccc; --doubt: #A84300 }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ink: #ddd; --paper: #181818; --quiet: #aaa; --line: #444;
    --doubt: #FF9E5E }} }}
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 1.5rem auto; max-width: 68rem;
  padding: 0 1rem; color: var(--ink); background: var(--paper);
  overflow-wrap: break-word }}
h1 {{ font-size: 1.3rem }}
h2 {{ font-size: 1.05rem; margin: 2rem 0 .5rem }}
p, li {{ max-width: 48rem }}
ul {{ padding-left: 1.2rem }}
.note, figcaption {{ color: var(--quiet); font-size: .9rem }}
.doubts {{ border-left: .25rem solid var(--doubt); padding-left: 1rem }}
.doubts h2 {{ color: var(--doubt) }}
.wide {{ overflow-x: auto }}
table {{ border-collapse: collapse; font-size: .85rem;
  font-variant-numeric: tabular-nums }}
td, th {{ padding: .2rem .9rem .2rem 0; text-align: right; font-weight: normal;
  vertical-align: top; white-space: nowrap }}
thead th {{ color: var(--quiet); border-bottom: 1px solid var(--line) }}
th:first-child {{ text-align: left }}
figure {{ margin: 1rem 0 }}
figure > div {{ background: #fff; overflow-x: auto }}
figure svg {{ display: block; max-width: 100%; min-width: 40rem; height: auto;
  margin: 0 auto }}
pre {{ white-space: pre-wrap; border: 1px solid var(--line); padding: .6rem }}
</style></head><body>
<header><h1>{title}</h1></header>
<main>
{body}
</main>
</body></html>
"""

_CAPTIONS = {
    "kept": "What each defender keeps, with 95 % intervals: without an attack, against"
    " the worst attack found, and against the worst that knows neither team nor filter."
    " Lines: everybody muted, which no attack can lower, and the liar alone muted.",
    "curves": "What each defender keeps as the attacker may do more, with 95 %"
    " intervals. At none there is no cap.",
    "attacks": "The mean return that each attack leaves of each defender, on the worlds"
    " that choose the worst.",
}


def save_suite(root: Path, found: Suite, command: str) -> list[Path]:
    """Writes a suite's pictures and its page into a run's folder.

    Args:
      root: the run's folder, which has the suite's JSON.
      found: the results.
      command: the command that made them.

    Returns:
      All files of the suite: JSON, pictures, page.
    """
    folder = root / "figures"
    make_folder(folder)
    drawn = {
        "kept": plot_kept(found, folder / f"{found.name}-kept"),
        "curves": (
            plot_curves(found, folder / f"{found.name}-curves") if found.curves else []
        ),
        "attacks": plot_attacks(found, folder / f"{found.name}-attacks"),
    }
    shown = {name: read_bytes(f[0]).decode() for name, f in drawn.items() if f}
    page = folder / f"{found.name}.html"
    write_atomic(page, render_page(found, shown, command).encode())
    return [
        root / f"{found.name}.json",
        *(file for files in drawn.values() for file in files),
        page,
    ]


def render_page(found: Suite, pictures: Mapping[str, str], command: str) -> str:
    """Returns the page of a suite, as HTML.

    Args:
      found: the results.
      pictures: SVG files as text, by name: `kept`, `curves`, `attacks`.
      command: the command that made the results.
    """
    title = f"The worst case on {found.task}, seed {found.seed}"
    first, *others, every = (s for s in suite_sections(found) if s.rows)
    parts = [_part("In short", _list(verdict(found)))]
    if found.warnings:
        doubts = _part("Where the search is to be doubted", _list(found.warnings))
        parts.append(doubts.replace("<section>", '<section class="doubts">', 1))
    parts += [_section(first), _picture("kept", pictures)]
    parts += [_section(each) for each in others]
    parts += [_picture("curves", pictures)]
    parts += [_section(each) for each in (*curve_sections(found), every)]
    parts += [_picture("attacks", pictures)]
    parts += [_section(each) for each in point_sections(found)]
    parts.append(_part("How to make it again", f"<pre>{html.escape(command)}</pre>"))
    body = "\n".join(part for part in parts if part)
    return _PAGE.format(title=html.escape(title), body=body)


def verdict(found: Suite) -> list[str]:
    """Returns whether each defender holds, and by how much: a line each, best first."""
    best_first = sorted(found.kept, key=lambda each: -each.worst.estimate)
    return [
        f"{each.defender} is the floor, which no attack reaches: it keeps {each.worst}."
        if each.attack == ANY
        else holding_line(found, each.defender, each.label)
        for each in best_first
    ]


def _part(title: str, inner: str) -> str:
    return f"<section><h2>{html.escape(title)}</h2>\n{inner}\n</section>"


def _list(lines: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{html.escape(line)}</li>' for line in lines)}</ul>"


def _section(section: Section) -> str:
    """Returns a section as a table, and what there is to say to it."""
    head = _row(section.head, "th", ' scope="col"')
    rows = "\n".join(_row(row, "td", "") for row in section.rows)
    notes = "".join(f'<p class="note">{html.escape(n)}</p>' for n in section.notes)
    table = f"<table><thead>{head}</thead>\n<tbody>{rows}</tbody></table>"
    return _part(section.title, f'<div class="wide" tabindex="0">{table}</div>{notes}')


def _row(cells: Sequence[str], kind: str, rest: str) -> str:
    """Returns a row whose first cell names it."""
    first, *others = map(html.escape, cells)
    found = "".join(f"<{kind}{rest}>{cell}</{kind}>" for cell in others)
    scope = rest or ' scope="row"'
    return f"<tr><th{scope}>{first}</th>{found}</tr>"


def _picture(name: str, pictures: Mapping[str, str]) -> str:
    """Returns a picture with its caption; nothing where there is none."""
    if name not in pictures:
        return ""
    _, tag, drawn = pictures[name].partition("<svg")
    # Each picture numbers its parts anew, and a page may use a name once.
    for before in (' id="', 'href="#', "url(#"):
        drawn = drawn.replace(before, f"{before}{name}-")
    drawn = re.sub(r"<metadata>.*?</metadata>", "", drawn, flags=re.DOTALL)
    words = html.escape(_CAPTIONS[name])
    svg = f'{tag} role="img" aria-label="{words}"{drawn}'
    caption = f"<figcaption>{words}</figcaption>"
    return f'<figure><div tabindex="0">{svg}</div>\n{caption}</figure>'
