"""Makes the texts that programs print: sections of a report, one below the other."""

from collections.abc import Sequence

from psro_comm.metagame.iteration import Solved
from psro_comm.metagame.report import Gate
from psro_comm.metagame.rows import CrossPlay, Row, Trained
from psro_comm.metagame.solvers.frontier import Point
from psro_comm.reports.sections import (
    detector_section,
    gate_section,
    iterations_section,
    mixtures_section,
    references_section,
    rows_section,
)
from psro_comm.reports.tables.frontier import frontier_section
from psro_comm.reports.teams.words import teams_section
from psro_comm.reports.text import Section


def render_gate(gate: Gate) -> str:
    """Returns in words what a team earns, and what it loses without its messages."""
    return _joined(gate_section(gate)._replace(bullets=[gate.in_words()]))


def render_ceilings(rows: Sequence[Row]) -> str:
    """Returns a table of what a team keeps with one agent replaced."""
    return _joined(rows_section(rows, "Without what one agent says"))


def render_training(trained: Trained) -> str:
    """Returns in words what a trained attack or filter does, on fresh worlds."""
    title = f"{trained.role} trained against {trained.against}"
    return _joined(
        rows_section(trained.rows, title),
        references_section(trained.references),
        detector_section(trained.detector),
    )


def render_crossplay(result: CrossPlay) -> str:
    """Returns a table of every named filter against every named attack."""
    returns = {row.pair: str(row.returns) for row in result.rows}
    lines = [
        (filter_, *(returns[filter_, attack] for attack in result.attacks))
        for filter_ in result.filters
    ]
    head = ("return [95 %]", *result.attacks)
    matrix = Section("Filters against attacks", (), head, lines)
    return _joined(
        matrix,
        teams_section(result.teams),
        rows_section(result.rows, "attack against filter"),
        references_section(result.references),
    )


def render_solution(
    solved: Solved, references: Sequence[Row], points: Sequence[Point] = ()
) -> str:
    """Returns in words value, quality and both mixtures of an R-MACRL run.

    Args:
      solved: the output of algorithm 1.
      references: what to compare it with.
      points: what other mixtures of its filters keep, and what they cost.
    """
    text = _joined(
        iterations_section(solved),
        mixtures_section(solved),
        frontier_section(points),
        references_section(references),
    )
    if not solved.history:
        return text
    return f"value of the game: {solved.history[-1].value}\n\n{text}"


def _joined(*sections: Section | None) -> str:
    return "\n\n".join(section.as_text() for section in sections if section)
