"""A toy meta-solver in one file: all weight on each side's newest policy."""

import numpy as np

from games.engine.registry import Entry
from psro_comm.metagame.solvers import META_SOLVERS
from psro_comm.metagame.solvers.checks import checked


def newest(payoffs, std_errors=None):
    return tuple(np.eye(size)[-1] for size in checked(payoffs).shape)


META_SOLVERS["newest"] = Entry(newest)
