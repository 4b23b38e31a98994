"""Makes the pages of what is trained, solved and studied."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from psro_comm.disk.files import read_bytes
from psro_comm.disk.store import RunStore
from psro_comm.metagame.certificate import Certificate
from psro_comm.metagame.defence import Defence
from psro_comm.metagame.iteration import Solved
from psro_comm.metagame.report import Gate
from psro_comm.metagame.rows import Row, Trained
from psro_comm.metagame.solvers.frontier import Point
from psro_comm.reports.defence import defence_sections
from psro_comm.reports.meta_solvers import study_sections, verdict_of
from psro_comm.reports.pages.frame import Part, picture, section_part
from psro_comm.reports.pages.run import (
    Page,
    gate_part,
    known_gate,
    solved_part,
    solved_warnings,
    team_part,
    team_warnings,
)
from psro_comm.reports.sections import (
    detector_section,
    iterations_section,
    mixtures_section,
    references_section,
    rows_section,
)
from psro_comm.reports.tables.frontier import frontier_section
from psro_comm.reports.teams.words import certificate_section
from psro_comm.reports.text import Section
from psro_comm.reports.training import training_lines

_CAPTIONS = {
    "beliefs": "What the filter believes of who may lie and of all others, by step.",
    "roc": "The share of liars' messages that are suspected, against the share of"
    " honest ones; dots: at the filter's own threshold.",
    "parts": "What the filter keeps without each of its parts, with 95 % intervals.",
}


def team_page(
    gate: Gate,
    task: str,
    seed: int,
    replaced: Sequence[Row],
    certain: Mapping[str, Certificate],
) -> Page:
    """Returns the content of a trained team's page.

    Args:
      gate: the team alone.
      task, seed: the task that is played, and the run's seed.
      replaced: what it keeps with one agent's messages replaced.
      certain: what no lie can change, of an ensemble.
    """
    rows = rows_section(replaced, "Without what one agent says") if replaced else None
    parts = [gate_part(gate), _part(rows), _part(certificate_section(certain, {}))]
    title = f"A team on {task}, seed {seed}"
    return Page(title, [gate.in_words()], parts, team_warnings(gate))


def training_page(store: RunStore, trained: Trained) -> Page:
    """Returns the content of the page of a trained attack or filter."""
    title = f"{trained.role.capitalize()} against {trained.against} on {trained.task}"
    parts = [
        team_part(store),
        _part(rows_section(trained.rows, "What was played")),
        _part(references_section(trained.references)),
        _part(detector_section(trained.detector)),
    ]
    warnings = team_warnings(known_gate(store))
    return Page(
        f"{title}, seed {trained.seed}", training_lines(trained), parts, warnings
    )


def solution_page(
    store: RunStore,
    task: str,
    seed: int,
    solved: Solved,
    references: Sequence[Row],
    points: Sequence[Point] = (),
) -> Page:
    """Returns the content of the page of a run of R-MACRL.

    Args:
      store: the run, whose payoff tables are shown.
      task, seed: the task that is played, and the run's seed.
      solved: the output of algorithm 1.
      references: what to compare it with.
      points: what other mixtures of its filters keep, and what they cost.
    """
    parts = [
        team_part(store),
        _part(references_section(references)),
        solved_part(store, solved),
        _part(iterations_section(solved)),
        _part(mixtures_section(solved)),
        _part(frontier_section(points)),
    ]
    doubts = [*solved_warnings(solved), *team_warnings(known_gate(store))]
    return Page(f"R-MACRL on {task}, seed {seed}", solved_lines(solved), parts, doubts)


def solved_lines(solved: Solved) -> list[str]:
    """Returns value, gains and mixtures of algorithm 1 in sentences."""
    if not solved.history:
        return ["No iteration was made: there is no value yet."]
    last = solved.history[-1]
    lines = [
        f"The value of the game is {last.value}: the team's return when both sides play"
        " their mixture of the last payoff table.",
        f"The last trained attack gains {last.attacker_gain} over it, the last trained"
        f" filter {last.defender_gain}: lower bounds of what could be gained.",
    ]
    for side in ("defender", "attacker"):
        played = solved.mixture(side)
        if played:
            most = max(played, key=lambda name: played[name])
            lines.append(
                f"The {side} plays {most} most, in {100 * played[most]:.0f} % of"
                " episodes."
            )
    return lines


def defence_page(store: RunStore, found: Defence, files: Sequence[Path]) -> Page:
    """Returns the content of the page of a studied filter.

    Args:
      store: the run.
      found: the results.
      files: the files of its pictures.
    """
    drawn = {
        name: picture(name, read_bytes(file).decode(), words)
        for name, words in _CAPTIONS.items()
        for file in files
        if file.name == f"{found.name}-{name}.svg"
    }
    cost, beliefs, *others = defence_sections(found)
    parts = [
        team_part(store),
        section_part(cost._replace(bullets=()), drawn.get("roc", "")),
        section_part(beliefs, drawn.get("beliefs", "")),
        *(section_part(each) for each in others),
    ]
    if "parts" in drawn:
        parts.append(Part("Its parts, drawn", drawn["parts"]))
    title = f"What {found.filter_} costs and why it works: {found.task}"
    warnings = team_warnings(known_gate(store))
    return Page(f"{title}, seed {found.seed}", cost.bullets, parts, warnings)


def study_page(
    result: Mapping[str, Any], task: str, svg: str, runs: Sequence[RunStore] = ()
) -> Page:
    """Returns the content of the page of a study of meta-solvers.

    Args:
      result: the result of `studies.meta_solvers.study`.
      task: the task that was played.
      svg: its figure, as the text of an SVG file.
      runs: the runs of the table that all played, one for each seed.
    """
    words = "Exploitability over the budget, and what each final defender keeps."
    sections = study_sections(result)
    shown = [section_part(sections[0], picture("study", svg, words))]
    shown += [section_part(each) for each in sections[1:]]
    lines = [verdict_of(each) for each in result["verdicts"]]
    doubts = dict.fromkeys(w for run in runs for w in team_warnings(known_gate(run)))
    told = lines or ["Nothing was compared."]
    return Page(f"Meta-solvers on {task}", told, shown, [*doubts])


def _part(section: Section | None) -> Part | None:
    return None if section is None else section_part(section)
