"""Makes the page of a suite, and its pictures."""

from collections.abc import Mapping
from pathlib import Path

from psro_comm.disk.files import make_folder, read_bytes
from psro_comm.disk.store import RunStore
from psro_comm.metagame.suite import ANY, Kept, Suite
from psro_comm.reports.curves import curve_sections, point_sections
from psro_comm.reports.figures.curves import plot_curves
from psro_comm.reports.figures.suite import plot_attacks, plot_kept
from psro_comm.reports.pages.frame import Part, picture, section_part
from psro_comm.reports.pages.run import Page, known_gate, team_part, team_warnings
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


def save_suite(store: RunStore, found: Suite, command: str) -> list[Path]:
    """Writes a suite's pictures and its page into a run's folder.

    Args:
      store: the run, which has the suite's JSON.
      found: the results.
      command: the command that made them.

    Returns:
      All files of the suite: JSON, pictures, page.
    """
    root, gate = store.root, known_gate(store)
    drawn = draw_suite(root / "figures", found)
    page = Page(
        f"The worst case on {found.task}, seed {found.seed}",
        [in_short(found), *verdict(found)],
        [team_part(store), *suite_parts(found, pictures(drawn))],
        [*found.warnings, *team_warnings(gate)],
    )
    beside = root / "figures" / f"{found.name}.html"
    return [
        root / f"{found.name}.json",
        *(file for files in drawn.values() for file in files),
        *page.save(root, command, beside),
    ]


def draw_suite(folder: Path, found: Suite) -> dict[str, list[Path]]:
    """Draws a suite into a folder; returns the files of each picture that it has."""
    make_folder(folder)
    drawn = {"kept": plot_kept(found, folder / f"{found.name}-kept")}
    if found.curves:
        drawn["curves"] = plot_curves(found, folder / f"{found.name}-curves")
    if attacks := plot_attacks(found, folder / f"{found.name}-attacks"):
        drawn["attacks"] = attacks
    return drawn


def pictures(drawn: Mapping[str, list[Path]]) -> dict[str, str]:
    """Returns pictures as text, by name, of their files, the SVG first."""
    return {name: read_bytes(files[0]).decode() for name, files in drawn.items()}


def suite_parts(found: Suite, drawn: Mapping[str, str]) -> list[Part]:
    """Returns the parts of a page that are about a suite, warnings left out.

    Args:
      found: the results.
      drawn: SVG files as text, by name: `kept`, `curves`, `attacks`.
    """
    shown = {
        name: picture(name, drawn.get(name, ""), words)
        for name, words in _CAPTIONS.items()
    }
    first, *others, every = (s for s in suite_sections(found) if s.rows)
    curves = [section_part(each) for each in curve_sections(found)]
    if curves:
        curves[0] = curves[0]._replace(inner=f"{shown['curves']}\n{curves[0].inner}")
    return [
        section_part(first, shown["kept"]),
        *(section_part(each) for each in others),
        *curves,
        section_part(every, shown["attacks"]),
        *(section_part(each) for each in point_sections(found)),
    ]


def in_short(found: Suite) -> str:
    """Returns who holds, in a sentence; the floor itself is not asked."""
    asked = [each for each in found.kept if not _is_floor(found, each)]
    held = [each.label for each in asked if each.holds]
    if held:
        return f"{len(held)} of {len(asked)} defenders hold: {', '.join(held)}."
    return (
        f"None of {len(asked)} defenders can be told to hold: to keep more in the worst"
        f" case found than the floor, {found.floor}, and than the best other single"
        " filter."
    )


def verdict(found: Suite) -> list[str]:
    """Returns whether each defender holds, and by how much: a line each, best first."""
    best_first = sorted(found.kept, key=lambda each: -each.worst.estimate)
    return [
        f"{each.defender} is the floor, which no attack reaches: it keeps {each.worst}."
        if _is_floor(found, each)
        else holding_line(found, each.defender, each.label)
        for each in best_first
    ]


def _is_floor(found: Suite, each: Kept) -> bool:
    own = found.teams[0].name if found.teams else ""
    return each.attack == ANY and found.team_of(each.defender) == own
