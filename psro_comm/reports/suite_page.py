"""Makes a web page of a suite: verdict and doubts, tables, pictures, how it was made.

The page holds its pictures, has no script, and loads nothing from elsewhere.
"""

import html
import re
from collections.abc import Mapping
from pathlib import Path

from psro_comm.disk.files import make_folder, read_bytes, write_atomic
from psro_comm.metagame.suite import ANY, Suite
from psro_comm.reports.curves import curve_sections, point_sections
from psro_comm.reports.figures.curves import plot_curves
from psro_comm.reports.figures.suite import plot_attacks, plot_kept
from psro_comm.reports.page import bullet_list, page, part, section_part
from psro_comm.reports.suite import holding_line, suite_sections

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
    parts = [part("In short", bullet_list(verdict(found)))]
    if found.warnings:
        doubts = part("Where the search is to be doubted", bullet_list(found.warnings))
        parts.append(doubts.replace("<section>", '<section class="doubts">', 1))
    parts += [section_part(first), _picture("kept", pictures)]
    parts += [section_part(each) for each in others]
    parts += [_picture("curves", pictures)]
    parts += [section_part(each) for each in (*curve_sections(found), every)]
    parts += [_picture("attacks", pictures)]
    parts += [section_part(each) for each in point_sections(found)]
    parts.append(part("How to make it again", f"<pre>{html.escape(command)}</pre>"))
    body = "\n".join(part for part in parts if part)
    return page(title, body)


def verdict(found: Suite) -> list[str]:
    """Returns whether each defender holds, and by how much: a line each, best first."""
    own = found.teams[0].name if found.teams else ""
    best_first = sorted(found.kept, key=lambda each: -each.worst.estimate)
    return [
        f"{each.defender} is the floor, which no attack reaches: it keeps {each.worst}."
        if each.attack == ANY and found.team_of(each.defender) == own
        else holding_line(found, each.defender, each.label)
        for each in best_first
    ]


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
