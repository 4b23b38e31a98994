"""Describes where evolution ends in a meta-game: alpha-rank, as JSON data."""

from typing import Any

import numpy as np

from psro_comm.metagame.intervals import NORMAL
from psro_comm.metagame.meta_game import MetaGame
from psro_comm.metagame.solvers import MetaSolverError
from psro_comm.metagame.solvers.response_graph import rank_pairs, sweep

_MOST = 10  # pairs that are listed


def ranked(game: MetaGame) -> dict[str, Any]:
    """Returns alpha-rank's joint distribution, its ties, sinks and sweep.

    Returns:
      `pairs`: those of most time, with their share when differences within 1.96
      standard errors count as ties (None without standard errors); `sinks`: the number
      of pairs of each sink of the response graph; `sweep`: by selection pressure (over
      the spread of the payoffs), the pair of most time; None for large games.

    Raises:
      MetaSolverError: as `rank_pairs`.
    """
    found = rank_pairs(game.mean)
    tied = None
    if game.std_error is not None:
        tied = rank_pairs(game.mean, game.std_error, ties=NORMAL).joint
    order = np.argsort(-found.joint, axis=None, kind="stable")[:_MOST]
    pairs = [
        {
            **_pair(game, int(place)),
            "share": float(found.joint.flat[place]),
            "share_with_ties": None if tied is None else float(tied.flat[place]),
        }
        for place in order
        if found.joint.flat[place] > 0
    ]
    return {
        "pairs": pairs,
        "sinks": sorted((len(sink) for sink in found.sinks), reverse=True),
        "sweep": _sweep(game),
    }


def _sweep(game: MetaGame) -> list[dict[str, Any]] | None:
    try:
        steps = sweep(game.mean)
    except MetaSolverError:
        return None
    return [
        {
            "alpha": alpha,
            **_pair(game, int(joint.argmax())),
            "share": float(joint.max()),
        }
        for alpha, joint in steps
    ]


def _pair(game: MetaGame, place: int) -> dict[str, str]:
    i, j = divmod(place, len(game.attackers))
    return {"defender": game.defenders[i], "attacker": game.attackers[j]}
