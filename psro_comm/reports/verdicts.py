"""Puts a report's meaning into sentences; each claim rests on a 95 % interval.

Where an interval contains zero the sentence says "cannot tell", never "no effect".
"""

from collections.abc import Mapping

from psro_comm.metagame.intervals import Interval, unpaired_difference
from psro_comm.metagame.report import Report
from psro_comm.metagame.rows import Row
from psro_comm.names import (
    ATTACKED,
    BROKEN,
    CLEAN,
    COMPARED,
    EQUILIBRIUM,
    FILTERED,
    HELD_OUT_SET,
    NO_ATTACK,
    NOISY,
    OWN,
    REPAIRED,
    RMACRL,
    VANILLA,
    VANILLA_LONG,
)
from psro_comm.reports.suite import holding_line

OTHERS = {
    VANILLA: "the vanilla filter",
    VANILLA_LONG: "the long vanilla filter",
}
_COLUMNS = {
    COMPARED[EQUILIBRIUM]: "Against the attackers of the meta-equilibrium (as the"
    " paper's table 3)",
    COMPARED[HELD_OUT_SET]: "Against held-out attackers, which no defender trained on",
    COMPARED[OWN]: "Each against one fresh attacker of its own, which is no worst case",
    COMPARED[NO_ATTACK]: "With no attack at all",
}


def sign(interval: Interval) -> int:
    """Returns 1 above zero, -1 below, 0 if the interval contains zero."""
    return 0 if interval.contains_zero else (1 if interval.low > 0 else -1)


def verdict_lines(report: Report) -> list[str]:
    """Returns the story in sentences; the first answers the question of the whole run.

    Raises:
      ValueError: a row that the verdict rests on is absent.
    """
    rows, compared = report.by_pair(), report.differences()
    found = {pair: row.returns for pair, row in rows.items()}
    missing = [pair for pair in (CLEAN, ATTACKED) if pair not in found]
    if missing:
        raise ValueError(f"report: no row of {missing[0][0]} against {missing[0][1]}")
    lines = [_holds(report), report.gate.in_words()]
    lines += _attack(found)
    lines += _filter(found)
    lines += _success(rows)
    against = dict.fromkeys([*_COLUMNS, *(column for column, _ in compared)])
    lines += [_column(compared, c) for c in against if any(c == a for a, _ in compared)]
    exploited = report.exploitability_found
    return lines + [
        _exploited(name, exploited[name])
        for name in (RMACRL, VANILLA, VANILLA_LONG)
        if name in exploited
    ]


def _holds(report: Report) -> str:
    """Returns whether R-MACRL holds against the suite, in a sentence."""
    suite = report.suite
    if suite is None or RMACRL not in {each.defender for each in suite.kept}:
        return "What R-MACRL keeps in the worst case was not measured."
    taken = [unpaired_difference(each.clean, each.worst) for each in suite.kept]
    if all(sign(each) < 1 for each in taken):
        most = max(taken, key=lambda each: each.estimate)
        return (
            "Nothing to hold against: no attack found could be told to hurt anybody;"
            f" the worst takes {most}."
        )
    return holding_line(suite, RMACRL, RMACRL)


def _attack(found: Mapping[tuple[str, str], Interval]) -> list[str]:
    clean, attacked = found[CLEAN], found[ATTACKED]
    taken = unpaired_difference(clean, attacked)
    of = f"from {clean}"  # a cost has no share
    if clean.estimate > 0.0:
        of = f"of {clean} ({100 * taken.estimate / clean.estimate:.0f} %)"
    lines = [
        {
            1: f"The attack works: bending messages takes {taken} {of}.",
            0: f"Cannot tell whether the attack hurts: it takes {taken} {of}.",
            -1: f"The attack fails: the team earns {-taken} more under it.",
        }[sign(taken)]
    ]
    if NOISY in found:
        better = unpaired_difference(found[NOISY], attacked)
        word = {
            1: f"The attacker has learnt: it takes {better} more than",
            0: f"Cannot tell the attack ({better} more taken) from",
            -1: f"The attacker has learnt nothing: it takes {-better} less than",
        }[sign(better)]
        lines.append(f"{word} random noise of its distortion.")
    return lines


def _success(rows: Mapping[tuple[str, str], Row]) -> list[str]:
    """Returns how often the team reaches its goal in each row, in a sentence."""
    words = {
        CLEAN: "clean",
        ATTACKED: "under attack",
        REPAIRED: "with the filter",
        BROKEN: "with the filter under a fresh attacker",
    }
    parts = [
        f"{100.0 * rows[pair].success.estimate:.1f} % {name}"
        for pair, name in words.items()
        if pair in rows
    ]
    return [f"Episodes in which the team reaches its goal: {', '.join(parts)}."]


def _filter(found: Mapping[tuple[str, str], Interval]) -> list[str]:
    if REPAIRED not in found:
        return []
    known, attacked = found[REPAIRED], found[ATTACKED]
    back, taken = (
        unpaired_difference(known, attacked),
        unpaired_difference(found[CLEAN], attacked),
    )
    share = ""
    if sign(taken) == 1:
        share = f", {100 * back.estimate / taken.estimate:.0f} % of what was taken"
    lines = [
        {
            1: f"The filter repairs: against the attack it knows it brings back {back}"
            f"{share}.",
            0: f"Cannot tell whether the filter repairs: it brings back {back}.",
            -1: f"The filter does harm: it costs another {-back} under attack.",
        }[sign(back)]
    ]
    if FILTERED in found:
        cost = unpaired_difference(found[CLEAN], found[FILTERED])
        lines.append(
            {
                1: f"Its price: with no attack the team loses {cost} to the filter.",
                0: f"Cannot tell any price of it with no attack ({cost}).",
                -1: f"With no attack the team earns {-cost} more with the filter.",
            }[sign(cost)]
        )
    if BROKEN in found:
        lost = unpaired_difference(known, found[BROKEN])
        lines.append(
            {
                1: "A fresh attacker breaks it: trained on the frozen filter, it takes"
                f" {lost} more than the attack that the filter knows.",
                0: "Cannot tell whether a fresh attacker breaks it: it takes"
                f" {lost} more than the attack that the filter knows.",
                -1: "A fresh attacker fails to break it: it takes"
                f" {-lost} less than the attack that the filter knows.",
            }[sign(lost)]
        )
    return lines


def _column(compared: Mapping[tuple[str, str], Interval], against: str) -> str:
    parts = []
    for (column, theirs), found in compared.items():
        if column != against:
            continue
        other = OTHERS.get(theirs, theirs)
        parts.append(
            {
                1: f"{found} more than {other}",
                0: f"cannot tell from {other} ({found} contains zero)",
                -1: f"{-found} less than {other}",
            }[sign(found)]
        )
    return f"{_COLUMNS.get(against, f'Against {against}')}, R-MACRL earns: " + (
        "; ".join(parts) + "."
    )


def _exploited(name: str, found: Interval) -> str:
    who = OTHERS.get(name, name)
    return {
        1: f"A fresh attacker takes {found} more from {who} than the meta-equilibrium"
        " does: exploitability found by learning, a lower bound.",
        0: f"Cannot tell whether a fresh attacker takes more from {who} than the"
        f" meta-equilibrium does ({found}): a lower bound, a better one may exist.",
        -1: f"The fresh attacker found takes {-found} less from {who} than the"
        " meta-equilibrium does: a lower bound, a better one may exist.",
    }[sign(found)]
