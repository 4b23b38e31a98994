"""Makes the page of a story: all that its report says, shown, and two episodes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from psro_comm.disk.store import RunStore
from psro_comm.metagame.report import Report
from psro_comm.names import UNDEFENDED
from psro_comm.reports.figures.inspection import plot_step
from psro_comm.reports.figures.story import plot_detector
from psro_comm.reports.inspection import first_turned, turning_section
from psro_comm.reports.pages.frame import Part, picture, section_part
from psro_comm.reports.pages.run import (
    Page,
    gate_part,
    replay_part,
    solved_part,
    solved_warnings,
    team_warnings,
)
from psro_comm.reports.pages.suite import draw_suite, suite_parts
from psro_comm.reports.sections import (
    budgets_section,
    columns_section,
    comparison_section,
    detector_section,
    iterations_section,
    mixtures_section,
    played_section,
    roc_section,
    successes_section,
)
from psro_comm.reports.text import Section
from psro_comm.reports.verdicts import verdict_lines

_CAPTIONS = {
    "learning": "The team's return while the attack, the filter and the fresh attack"
    " learn.",
    "worst_case": "What each defender keeps against each attacker, with 95 %"
    " intervals.",
    "detector": "The share of forged messages that is found, against the share of"
    " honest ones that is suspected.",
}
_MESSAGES = (
    "One step of the episode below: scores and best actions without the attack, under"
    " it, and behind the filter; and the messages that benign agents hear, as they were"
    " meant, as the attack bent them, and as the filter repaired them."
)

Replays = Sequence[Mapping[str, Any]]


def story_page(
    store: RunStore, report: Report, replays: Replays, drawn: Mapping[str, str]
) -> Page:
    """Returns the content of a story's page; what the run lacks is left out.

    Args:
      store: the run, whose payoff tables are shown.
      report: the story's report.
      replays: episodes, as `studies.story.Story` has them.
      drawn: SVG files as text, by name.
    """
    solved, suite = report.rmacrl, report.suite
    shown = {name: _picture(name, drawn) for name in _CAPTIONS}
    parts: list[Part | None] = [gate_part(report.gate)]
    parts.append(section_part(played_section(report), shown["learning"]))
    parts += _parts(columns_section(report), shown["worst_case"])
    parts += _parts(successes_section(report))
    parts += _parts(comparison_section(report))
    parts += suite_parts(suite, drawn) if suite else []
    parts.append(solved_part(store, solved))
    parts += _parts(iterations_section(solved) if solved else None)
    parts += _parts(mixtures_section(solved) if solved else None)
    parts += _parts(detector_section(report.detector))
    parts += _parts(roc_section(report.roc), shown["detector"])
    parts += [part for k, each in enumerate(replays) for part in seen(each, k, drawn)]
    parts += _parts(budgets_section(report))
    held = report.malicious
    who = held if isinstance(held, str) else ", ".join(map(str, held))
    title = f"R-MACRL on {report.task}, seed {report.seed}; malicious agents: {who}"
    doubts = [
        *(suite.warnings if suite else ()),
        *solved_warnings(solved),
        *team_warnings(report.gate),
    ]
    return Page(title, verdict_lines(report), parts, doubts)


def draw_page(folder: Path, report: Report, replays: Replays) -> dict[str, list[Path]]:
    """Draws what the page shows beside the report's figures; returns files by name.

    Args:
      folder: where to.
      report, replays: as for `story_page`.
    """
    drawn: dict[str, list[Path]] = {}
    if report.suite:
        drawn |= draw_suite(folder, report.suite)
    if report.roc:
        drawn["detector"] = plot_detector(report.roc, folder / "detector")
    for number, found in enumerate(replays):
        name, (step, why) = f"messages-{number}", shown_step(found)
        title = f"{found['attack']} against {found['filter']}. Step {step}: {why}"
        track = found["tracks"][UNDEFENDED]
        drawn[name] = plot_step(track, step, folder / name, title)
    return drawn


def shown_step(found: Mapping[str, Any]) -> tuple[int, str]:
    """Returns the step of a replay that is shown first, and why that."""
    return first_turned(found["tracks"][UNDEFENDED])


def seen(found: Mapping[str, Any], number: int, drawn: Mapping[str, str]) -> list[Part]:
    """Returns how often an attack turns decisions, what was said, and a replay.

    Args:
      found: an episode, of `studies.inspection.tracks`.
      number: number of the replay on its page.
      drawn: SVG files as text, by name: `messages-` and the number.
    """
    name = f"messages-{number}"
    replayed = replay_part(found, shown_step(found)[0])
    return [messages_part(found, name, drawn.get(name, "")), replayed]


def messages_part(found: Mapping[str, Any], name: str, svg: str) -> Part:
    """Returns how often messages turn decisions, and those of one step.

    Args:
      found: an episode, of `studies.inspection.tracks`.
      name: a name that no other picture of the page has.
      svg: an SVG file as text, of the step.
    """
    who = f"{found['attack']} against {found['filter']}"
    turning = turning_section(found["statistic"])
    turning = turning._replace(title=f"Messages before, bent and repaired: {who}")
    return section_part(turning, picture(name, svg, _MESSAGES))


def _picture(name: str, drawn: Mapping[str, str]) -> str:
    return picture(name, drawn.get(name, ""), _CAPTIONS[name])


def _parts(section: Section | None, *more: str) -> list[Part]:
    return [] if section is None else [section_part(section, *more)]
