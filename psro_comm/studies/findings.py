"""What a story found: the lines of its report, each with its interval.

Source: paper section 5.5, table 3; experiments E1, E4 and E5.
"""

from collections.abc import Callable, Mapping
from typing import Any

from psro_comm.lab.mixed import Mixed
from psro_comm.metagame.intervals import verdict
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.names import NO_ATTACK, RMACRL, VANILLA, VANILLA_LONG
from psro_comm.psro.rmacrl import as_dict
from psro_comm.studies.worst_case import compare


def compared(
    table: PayoffTable,
    defenders: Mapping[str, Mixed],
    opponents: Mapping[str, Mixed],
    fresh: Mapping[str, Mixed],
) -> list[dict[str, Any]]:
    """R-MACRL minus each single filter, in the three columns of the worst case."""
    ours = defenders[RMACRL]
    lines = []
    for other in (VANILLA, VANILLA_LONG):
        columns: dict[str, Callable[[str], Mixed]] = {
            "meta-equilibrium attacker": lambda _: opponents["meta-equilibrium"],
            "held-out attackers": lambda _: opponents["held-out set"],
            "no attack": lambda _: opponents[NO_ATTACK],
            "each one's own fresh attacker": lambda name: fresh[name],
        }
        for column, against in columns.items():
            found = compare(
                table,
                (ours, against(RMACRL)),
                (defenders[other], against(other)),
            )
            lines.append(
                {
                    "against": column,
                    "ours": RMACRL,
                    "theirs": other,
                    "difference": as_dict(found),
                    "verdict": verdict(found),
                }
            )
    return lines


def exploited(
    table: PayoffTable,
    defenders: Mapping[str, Mixed],
    opponents: Mapping[str, Mixed],
    fresh: Mapping[str, Mixed],
) -> dict[str, dict[str, float]]:
    """What a fresh attacker takes beyond the meta-equilibrium's: a lower bound."""
    equilibrium = opponents["meta-equilibrium"]
    return {
        name: as_dict(compare(table, (defender, equilibrium), (defender, fresh[name])))
        for name, defender in defenders.items()
    }
