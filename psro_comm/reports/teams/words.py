"""Puts teams into words: which one each row plays with, and what is certain of it."""

from collections.abc import Mapping, Sequence

from psro_comm.metagame.certificate import Certificate
from psro_comm.metagame.intervals import Interval
from psro_comm.metagame.teams import TeamLevel
from psro_comm.reports.text import Section

_NOTES = (
    "Of actions: the share of decisions along clean play that no choice of so many"
    " liars can turn, whatever they say, exact over subsets; and the same of agents"
    " that hear somebody. It says nothing of what follows a decision that was turned.",
    "Of returns: a bound below the mean return whatever the liars of each world say:"
    " what clean play earns before their first decision that is not certain, and then"
    " the least reward at every step. The worst found is an attack, the bound a proof.",
)


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


def certificate_section(
    certificates: Mapping[str, Certificate], worst: Mapping[str, Interval]
) -> Section | None:
    """Returns what is certain of each ensemble; None where there is none.

    Args:
      certificates: by defender.
      worst: what the suite left of each, where it searched.
    """
    if not certificates:
        return None
    rows = [
        (
            *(name, str(each.liars), str(each.decisions), str(each.heard)),
            "none known" if each.returns is None else str(each.returns),
            *([str(worst[name])] if name in worst else []),
        )
        for name, each in certificates.items()
    ]
    last = ["worst found"] if worst else []
    head = (
        *("ensemble", "liars", "of actions", "of those that hear"),
        *("of returns, at least", *last),
    )
    nothing = "certifies nothing of who hears all others: "
    why = tuple(
        f"{name}: {nothing * each.vacuous}{each.why()}."
        for name, each in certificates.items()
    )
    return Section("What no lie can change", (), head, rows, (*why, *_NOTES))
