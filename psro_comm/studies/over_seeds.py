"""Summarises a study of meta-solvers over its seeds."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from psro_comm.metagame.intervals import across_seeds, as_dict, verdict

PATHS = {
    "nash_conv": "NashConv of its mixture",
    "population_nash_conv": "NashConv of its population's Nash",
}


_EARNED = {"fresh": "fresh attack", "worst_known": "worst attack known"}


def verdicts(
    rows: Sequence[Mapping[str, Any]], solvers: Sequence[str]
) -> list[dict[str, Any]]:
    """Returns each solver minus the first, paired by seed, Student's t over seeds."""
    found = []
    for quantity in (*PATHS, *earnings(rows)):
        final = {
            name: [_final(row, quantity) for row in rows if row["solver"] == name]
            for name in solvers
        }
        for name in solvers[1:]:
            pairs = zip(final[name], final[solvers[0]], strict=True)
            apart = [a - b for a, b in pairs]
            gain = across_seeds(apart)
            known = np.isfinite(gain.low)
            found.append(
                {
                    "quantity": quantity,
                    "solver": name,
                    "against": solvers[0],
                    "difference": as_dict(gain) if known else gain.estimate,
                    "by_seed": apart,
                    "verdict": verdict(gain),
                }
            )
    return found


def _final(row: Mapping[str, Any], quantity: str) -> float:
    if quantity in _EARNED:
        return float(row[quantity]["estimate"])
    return float(row["steps"][-1][quantity])


def earnings(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Returns those returns that the rows have; older studies lack the second."""
    return {key: words for key, words in _EARNED.items() if key in rows[0]}


def over_seeds(
    rows: Sequence[Mapping[str, Any]], solvers: Sequence[str]
) -> list[dict[str, Any]]:
    """Returns means over seeds with Student's t intervals; nothing for a single seed.

    Returns:
      For each solver both NashConvs by iteration, the returns under a fresh attack, the
      worst attack known and every solver's attackers, as intervals.
    """
    found = []
    for name in solvers:
        own = [row for row in rows if row["solver"] == name]
        if len(own) < 2:
            return []
        paths = {
            key: [
                as_dict(across_seeds([step[key] for step in steps]))
                for steps in zip(*(row["steps"] for row in own), strict=True)
            ]
            for key in PATHS
        }
        against = {
            other: as_dict(across_seeds([r["against"][other]["estimate"] for r in own]))
            for other in solvers
        }
        earned = {
            key: as_dict(across_seeds([_final(row, key) for row in own]))
            for key in earnings(rows)
        }
        found.append({"solver": name, **paths, **earned, "against": against})
    return found
