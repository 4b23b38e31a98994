"""Compares the defenders of a story, each comparison with its interval.

Source: paper section 4.5, table 3; experiments E1, E4 and E5.
"""

from collections.abc import Mapping

from psro_comm.lab.mixed import Mixed
from psro_comm.metagame.intervals import Interval, verdict
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.rows import Difference
from psro_comm.names import (
    COMPARED,
    EQUILIBRIUM,
    HELD_OUT_SET,
    NO_ATTACK,
    OWN,
    RMACRL,
    VANILLA,
    VANILLA_LONG,
)
from psro_comm.studies.worst_case import compare


def compared(
    table: PayoffTable,
    defenders: Mapping[str, Mixed],
    opponents: Mapping[str, Mixed],
    fresh: Mapping[str, Mixed],
) -> list[Difference]:
    """Returns R-MACRL minus each vanilla filter, in the columns of the worst case."""
    lines = []
    for other in (name for name in (VANILLA, VANILLA_LONG) if name in defenders):
        for attacker in (EQUILIBRIUM, HELD_OUT_SET, NO_ATTACK, OWN):
            ours, theirs = (
                (
                    defenders[name],
                    fresh[name] if attacker == OWN else opponents[attacker],
                )
                for name in (RMACRL, other)
            )
            found = compare(table, ours, theirs)
            against, words = COMPARED[attacker], verdict(found)
            lines.append(Difference(against, RMACRL, other, found, words))
    return lines


def exploited(
    table: PayoffTable,
    defenders: Mapping[str, Mixed],
    opponents: Mapping[str, Mixed],
    fresh: Mapping[str, Mixed],
) -> dict[str, Interval]:
    """Returns what fresh attackers take beyond the meta-equilibrium's: lower bounds."""
    equilibrium = opponents[EQUILIBRIUM]
    return {
        name: compare(table, (defender, equilibrium), (defender, fresh[name]))
        for name, defender in defenders.items()
    }
