"""The report of a story: its verdict first, in words, then every number behind it."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from psro_comm.files import write_atomic
from psro_comm.sections import Section, sections
from psro_comm.tables import columns
from psro_comm.verdicts import need

_WIDTH = 98


def render(report: Mapping[str, Any]) -> str:
    """The whole report as plain text, at most 100 columns wide.

    Args:
      report: what `psro_comm.story.Story.tell` returns; `rows`, `gate`, `task` and
        `seed` must be there.

    Raises:
      ValueError: a part is damaged, or one of these is absent.
    """
    return "\n\n".join([_title(report), *map(_as_text, sections(report))])


def render_markdown(report: Mapping[str, Any], figures: Sequence[str] = ()) -> str:
    """The same for `report.md`.

    Args:
      report: as for `render`.
      figures: relative paths of the SVG files that exist; each is shown in the section
        whose figure has its name.
    """
    by_name = {Path(path).stem: path for path in figures}
    parts = [f"# {_title(report)}"]
    parts += [_as_markdown(section, by_name) for section in sections(report)]
    return "\n\n".join(parts) + "\n"


def _title(report: Mapping[str, Any]) -> str:
    held = report.get("captured", "not said")
    agents = held if isinstance(held, str) else ", ".join(map(str, held))
    return (
        f"R-MACRL on {need(report, 'task')}, seed {need(report, 'seed')}"
        f" (malicious agents: {agents})"
    )


def _as_text(section: Section) -> str:
    lines = [section.title.upper()]
    for bullet in section.bullets:
        lines.append(
            textwrap.fill(
                bullet,
                _WIDTH,
                initial_indent="  * ",
                subsequent_indent="    ",
                break_on_hyphens=False,
            )
        )
    if section.rows:
        lines.append(columns(section.rows, section.head))
    lines += [
        textwrap.fill(note, _WIDTH, break_on_hyphens=False) for note in section.notes
    ]
    return "\n".join(lines)


def _as_markdown(section: Section, figures: Mapping[str, str]) -> str:
    parts = [f"## {section.title}"]
    if section.bullets:
        parts.append("\n".join(f"* {bullet}" for bullet in section.bullets))
    if section.rows:
        parts.append(markdown_table(section.rows, section.head))
    if section.figure in figures:
        parts.append(f"![{section.title}]({figures[section.figure]})")
    return "\n\n".join([*parts, *section.notes])


def markdown_table(rows: Sequence[Sequence[str]], head: Sequence[str]) -> str:
    """A Markdown table, first column left-aligned, the others right-aligned."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |"
        for line in [head, rule, *rows]
    )


def save_report(root: Path, report: Mapping[str, Any]) -> list[Path]:
    """Writes `report.txt` and `report.md` into a run's folder; returns all files."""
    text, markdown = root / "report.txt", root / "report.md"
    write_atomic(text, (render(report) + "\n").encode())
    write_atomic(markdown, render_markdown(report).encode())
    return [root / "report.json", text, markdown]
