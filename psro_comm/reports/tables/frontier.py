"""Says what mixtures of a defender's filters keep, and what they cost."""

from collections.abc import Sequence

from psro_comm.metagame.solvers.frontier import Point
from psro_comm.reports.text import Section


def frontier_section(points: Sequence[Point]) -> Section | None:
    """Returns what is kept under attack, by the clean return; None without points."""
    if not points:
        return None
    rows = [
        (
            f"{100 * each.share:g} %",
            str(each.clean),
            str(each.kept),
            each.attack,
            str(len(each.mixture)),
        )
        for each in points
    ]
    head = ("earns at least", "clean [95 %]", "keeps [95 %]", "against", "filters")
    notes = (
        "Of all mixtures of the table's filters that earn so much of the clean return"
        " without a filter, the one that keeps most against the table's attacks;"
        " psro:RUN@0.97 is that of 97 %. Chosen in these worlds: on fresh ones, and"
        " against attacks on it, it keeps less (bin.worst_case).",
    )
    return Section("What a mixture keeps, and what it costs", (), head, rows, notes)
