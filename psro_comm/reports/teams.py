"""Puts the teams of a table whose rows have different ones into words."""

from collections.abc import Sequence

from psro_comm.metagame.teams import TeamLevel
from psro_comm.reports.text import Section


def teams_section(teams: Sequence[TeamLevel]) -> Section | None:
    """Returns which team each defender plays with; None where there is one for all."""
    if not teams:
        return None
    lines = [
        (
            *(each.name, each.made, ", ".join(each.defenders) or "-"),
            *(str(each.clean), str(each.muted)),
        )
        for each in teams
    ]
    notes = (
        "All play in the same worlds. Attacks that nobody trains are made in the units"
        " of the team that they meet; floor and references are of the first.",
    )
    head = ("team", "what it is", "behind", "clean", "everybody muted")
    return Section("Which team each defender plays with", (), head, lines, notes)
