"""Chooses what best responses start from, and measures what they gain."""

from collections.abc import Sequence

import numpy as np

from psro_comm.metagame.intervals import Interval, paired_difference
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.regret import mixture_returns
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


def oracle_gains(
    fresh: PayoffTable, names: Names, mixtures: Mixtures, new: tuple[str, str]
) -> tuple[Interval, Interval]:
    """Returns the gains of new filter and new attack over both mixtures, by world.

    Args:
      fresh: payoffs of supported and new policies of both sides on fresh worlds.
      names: names of both populations.
      mixtures: mixtures over them.
      new: names of the new policies.
    """
    x, y = (mix[mix > 0.0] for mix in mixtures)
    rows, cols = (supported(*each) for each in zip(names, mixtures, strict=True))
    one = np.ones(1)
    old = mixture_returns(fresh.select(rows, cols), x, y)
    defended = mixture_returns(fresh.select([new[0]], cols), one, y)
    attacked = mixture_returns(fresh.select(rows, [new[1]]), x, one)
    return paired_difference(defended, old), paired_difference(old, attacked)
