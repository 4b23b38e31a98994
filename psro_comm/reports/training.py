"""Puts what a trained attack takes, or a trained filter keeps, into sentences."""

from collections.abc import Mapping

from psro_comm.metagame.intervals import Interval, unpaired_difference
from psro_comm.metagame.rows import Trained
from psro_comm.names import NO_ATTACK, NO_FILTER
from psro_comm.reports.verdicts import sign

Found = Mapping[tuple[str, str], Interval]


def training_lines(trained: Trained) -> list[str]:
    """Returns what the training brought, a sentence for each opponent it met.

    The intervals of two rows are combined as if their worlds were not the same: too
    wide rather than too narrow.
    """
    found = {row.pair: row.returns for row in trained.rows}
    words = _taken if trained.role == "attack" else _kept
    return words(found) or ["Nothing was measured."]


def _taken(found: Found) -> list[str]:
    """Returns what an attack takes from each defender."""
    lines = []
    for (defender, attacker), attacked in found.items():
        if attacker == NO_ATTACK or (defender, NO_ATTACK) not in found:
            continue
        clean = found[defender, NO_ATTACK]
        taken = unpaired_difference(clean, attacked)
        behind = "no filter" if defender == NO_FILTER else defender
        lines.append(
            {
                1: f"The attack takes {taken} of {clean} behind {behind}.",
                0: f"Cannot tell whether the attack takes anything behind {behind}:"
                f" {taken} of {clean}.",
                -1: f"The attack fails behind {behind}: the team earns {-taken} more"
                " under it.",
            }[sign(taken)]
        )
    return lines[::-1]  # the opponent that it learnt against comes last


def _kept(found: Found) -> list[str]:
    """Returns what a filter brings under each attack, and costs without one."""
    lines = []
    for (defender, attacker), kept in found.items():
        if defender == NO_FILTER or (NO_FILTER, attacker) not in found:
            continue
        alone = found[NO_FILTER, attacker]
        gain = unpaired_difference(kept, alone)
        under = "no attack" if attacker == NO_ATTACK else attacker
        lines.append(
            {
                1: f"The filter brings {gain} under {under}: {kept} instead of"
                f" {alone}.",
                0: f"Cannot tell whether the filter brings or costs anything under"
                f" {under}: {kept} instead of {alone}.",
                -1: f"The filter costs {-gain} under {under}: {kept} instead of"
                f" {alone}.",
            }[sign(gain)]
        )
    return lines[::-1]
