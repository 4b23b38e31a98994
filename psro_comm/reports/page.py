"""Makes web pages of parts of reports: no script, and nothing loaded from elsewhere."""

import html
from collections.abc import Iterable, Sequence

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
figure svg, figure img {{ display: block; max-width: 100%; min-width: 40rem;
  height: auto; margin: 0 auto }}
pre {{ white-space: pre-wrap; border: 1px solid var(--line); padding: .6rem }}
</style></head><body>
<header><h1>{title}</h1></header>
<main>
{body}
</main>
</body></html>
"""


def page(title: str, body: str) -> str:
    """Returns a whole page; `body` is HTML."""
    return _PAGE.format(title=html.escape(title), body=body)


def part(title: str, inner: str) -> str:
    """Returns a part of a page with a heading; `inner` is HTML."""
    return f"<section><h2>{html.escape(title)}</h2>\n{inner}\n</section>"


def bullet_list(lines: Iterable[str]) -> str:
    """Returns a list of lines of text."""
    return f"<ul>{''.join(f'<li>{html.escape(line)}</li>' for line in lines)}</ul>"


def section_part(section: Section) -> str:
    """Returns a section as bullets, a table, and what there is to say to it."""
    notes = "".join(f'<p class="note">{html.escape(n)}</p>' for n in section.notes)
    above = bullet_list(section.bullets) if section.bullets else ""
    if not section.rows:
        return part(section.title, above + notes)
    head = _row(section.head, "th", ' scope="col"')
    rows = "\n".join(_row(row, "td", "") for row in section.rows)
    table = f"<table><thead>{head}</thead>\n<tbody>{rows}</tbody></table>"
    wide = f'<div class="wide" tabindex="0">{table}</div>'
    return part(section.title, above + wide + notes)


def _row(cells: Sequence[str], kind: str, rest: str) -> str:
    """Returns a row whose first cell names it."""
    first, *others = map(html.escape, cells)
    found = "".join(f"<{kind}{rest}>{cell}</{kind}>" for cell in others)
    scope = rest or ' scope="row"'
    return f"<tr><th{scope}>{first}</th>{found}</tr>"
