"""Chooses what best responses start from, and measures what they gain."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from games.engine.side import Side
from psro_comm.metagame.intervals import Interval, paired_difference
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.regret import mixture_returns
from psro_comm.names import MUTE, NO_ATTACK, NO_FILTER
from psro_comm.psro.solver import Mixtures, Names


def supported(names: Sequence[str], mixture: np.ndarray) -> list[str]:
    """Returns the policies of positive weight."""
    return [name for name, w in zip(names, mixture, strict=True) if w > 0.0]


def by_merit(table: PayoffTable, mixtures: Mixtures) -> Names:
    """Orders each side's policies, best first, by return against the other's mixture.

    A warm start begins from the first one that can be trained.

    Args:
      table: payoffs of both populations.
      mixtures: mixtures over them.
    """
    payoffs, (x, y) = table.mean(), mixtures
    rows = np.argsort(-(payoffs @ y), kind="stable")
    columns = np.argsort(x @ payoffs, kind="stable")
    return (
        tuple(table.defenders[i] for i in rows),
        tuple(table.attackers[j] for j in columns),
    )


class Trial(NamedTuple):
    """What a new policy is compared with on fresh worlds: its population's mixture.

    The mixtures are those of the meta-game that it answered.
    """

    names: Names  # of both populations
    mixtures: Mixtures  # over them
    new: str

    def met(self, side: Side) -> list[str]:
        """Returns the policies of a side that its mixture plays."""
        return supported(self.names[side], self.mixtures[side])

    def cells(self, side: Side) -> set[tuple[str, str]]:
        """Returns what is to be played, if the new policy is of that side."""
        rows, columns = map(self.met, Side)
        cells = {(row, column) for row in rows for column in columns}
        if side is Side.DEFENDER:
            return cells | {(self.new, column) for column in columns}
        return cells | {(row, self.new) for row in rows}


class Answer(NamedTuple):
    """What the oracles of both sides made of a meta-game.

    The trials are of each side's best new policy, which need not have joined; the table
    holds the cells that were played on the way, if any.
    """

    filters: list[str]  # that join
    attacks: list[str]
    trials: tuple[Trial, Trial]  # by side
    table: PayoffTable | None = None


def worth_of_talk(table: PayoffTable) -> float:
    """Returns what talking is worth: the clean return less that of a mute team.

    Where no filter of the table mutes everybody, or that costs next to nothing, it is a
    tenth of the clean return.
    """
    clean = table.cell(NO_FILTER, NO_ATTACK).mean
    least = 0.1 * abs(clean)
    if MUTE not in table.defenders:
        return least
    return max(clean - table.cell(MUTE, NO_ATTACK).mean, least)


def gain(fresh: PayoffTable, trial: Trial, side: Side) -> Interval:
    """Returns what a new policy gains for its side over the mixtures, by world.

    Args:
      fresh: payoffs of supported and new policies on fresh worlds.
      trial: the new policy, and what it is compared with.
      side: its side.
    """
    x, y = (mix[mix > 0.0] for mix in trial.mixtures)
    rows, columns = map(trial.met, Side)
    one = np.ones(1)
    old = mixture_returns(fresh.select(rows, columns), x, y)
    if side is Side.DEFENDER:
        new = mixture_returns(fresh.select([trial.new], columns), one, y)
        return paired_difference(new, old)
    new = mixture_returns(fresh.select(rows, [trial.new]), x, one)
    return paired_difference(old, new)
