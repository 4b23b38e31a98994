"""The yardsticks of every table: what any result lies between, in the same worlds.

Without them a return says little: a defence that keeps less than a team that hears
nothing has lost more by listening than talking is worth.
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path

from psro_comm.lab.lab import Lab
from psro_comm.lab.mixed import Mixed
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.rows import Row
from psro_comm.studies.players import find_player
from psro_comm.studies.worst_case import row

_CLEAN = "no attack, no filter"
_FLOOR = "everybody muted: the floor, no attack lowers it"
_MUTED = "the liar muted, by who knows him"
_GATE = "norm gate, which learns nothing, against"


def references(
    lab: Lab,
    worlds: str,
    opponents: Sequence[Mixed],
    runs_dir: Path,
    episodes: int | None = None,
) -> list[Row]:
    """Returns what nobody, the mute filter, a perfect detector and the norm gate keep.

    Args:
      lab: the lab of the game.
      worlds: the name of the table beside which they stand, whose worlds they play.
      opponents: the attackers of that table, for the norm gate to meet.
      runs_dir: folder of all runs.
      episodes: number of worlds; None is that of the evaluation.
    """
    episodes = episodes or lab.config.evaluation.episodes
    none, mute, gate = (
        find_player(lab, name, "filter", runs_dir) for name in ("none", "mute", "norm")
    )
    nobody, silence = (
        find_player(lab, name, "attack", runs_dir) for name in ("none", "mute")
    )
    met = [each for each in opponents if each.name not in (nobody.name, "no-attack")]
    rows = [(none, nobody), (mute, nobody), *((gate, each) for each in (nobody, *met))]
    table = lab.knowing().table(  # for attackers who know all there is to know
        f"{worlds}.references",
        {n: p for who, _ in rows for n, p in who.policies.items()},
        {n: p for _, rival in rows for n, p in rival.policies.items()},
        episodes,
        worlds=worlds,
        cells={
            (a, b) for who, rival in rows for a in who.policies for b in rival.policies
        },
    )
    muted = liar_muted(lab, worlds, runs_dir, episodes)
    return [
        row(table, _CLEAN, none, nobody),
        row(table, _FLOOR, mute, nobody),
        row(muted, _MUTED, none, silence),
        *(
            row(
                table,
                f"{_GATE} {'nobody' if each is nobody else each.name}",
                gate,
                each,
            )
            for each in (nobody, *met)
        ),
    ]


def liar_muted(
    lab: Lab, worlds: str, runs_dir: Path, episodes: int, *, beside: str | None = None
) -> PayoffTable:
    """Returns the table of no filter against muted liars, in the worlds of another.

    Muting them is the defender's doing here, whom neither cap nor rate binds.

    Args:
      lab: the lab of the game.
      worlds: the name of a table, whose worlds they play.
      runs_dir: folder of all runs.
      episodes: number of worlds.
      beside: the name of the table beside which they stand, if it is another.
    """
    free = copy(lab)
    threat = replace(lab.config.threat, cap=None, rate=1.0)
    free.config = replace(lab.config, threat=threat)
    none = find_player(lab, "none", "filter", runs_dir)
    silence = find_player(lab, "mute", "attack", runs_dir)
    name = f"{beside or worlds}.liar-muted"
    return free.table(name, none.policies, silence.policies, episodes, worlds=worlds)
