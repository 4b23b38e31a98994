"""What a story found: the lines of its report, each with its interval.

Source: paper section 5.5, table 3; experiments E1, E4 and E5.
"""

from collections.abc import Callable, Mapping
from typing import Any

from psro_comm.analysis import verdict
from psro_comm.payoffs import PayoffTable
from psro_comm.rmacrl import NO_ATTACK, NO_FILTER, as_dict
from psro_comm.worst_case import Defender, Opponent, compare

VANILLA, VANILLA_LONG, RMACRL = "vanilla-filter", "vanilla-filter-long", "R-MACRL"

LINES = (
    ("clean: no attack, no filter", NO_FILTER, NO_ATTACK),
    ("untrained attacker", NO_FILTER, "untrained-attack"),
    ("noise as large as the attack's", NO_FILTER, "noise"),
    ("attack, frozen at a threshold", NO_FILTER, "stopped-attack"),
    ("attack, full strength", NO_FILTER, "vanilla-attack"),
    ("filter on, no attack", VANILLA, NO_ATTACK),
    ("filter against the attack it knows", VANILLA, "vanilla-attack"),
    ("filter against a fresh attacker", VANILLA, "fresh-on-vanilla"),
    ("long filter against a fresh attacker", VANILLA_LONG, "fresh-on-long"),
    ("R-MACRL on, no attack", RMACRL, NO_ATTACK),
    ("R-MACRL against the attack", RMACRL, "vanilla-attack"),
    ("R-MACRL against a fresh attacker", RMACRL, "fresh-on-rmacrl"),
)


def compared(
    table: PayoffTable,
    defenders: Mapping[str, Defender],
    opponents: Mapping[str, Opponent],
    fresh: Mapping[str, Opponent],
) -> list[dict[str, Any]]:
    """R-MACRL minus each single filter, in the three columns of the worst case."""
    ours = defenders[RMACRL]
    lines = []
    for other in (VANILLA, VANILLA_LONG):
        columns: dict[str, Callable[[str], Opponent]] = {
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
    defenders: Mapping[str, Defender],
    opponents: Mapping[str, Opponent],
    fresh: Mapping[str, Opponent],
) -> dict[str, dict[str, float]]:
    """What a fresh attacker takes beyond the meta-equilibrium's: a lower bound."""
    equilibrium = opponents["meta-equilibrium"]
    return {
        name: as_dict(compare(table, (defender, equilibrium), (defender, fresh[name])))
        for name, defender in defenders.items()
    }
