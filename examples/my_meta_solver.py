"""A meta-solver as a plugin: both sides play what is best against a uniform rival.

psro-comm run_psro --plugin=examples/my_meta_solver.py --task=echo --budget=smoke \
        --psro.paper --psro.meta_solver=bold --run=bold
"""

import numpy as np

import psro_comm as pc


def bold(
    payoffs: np.ndarray, std_errors: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Returns a mixture for each side of a table.

    Args:
      payoffs: `[m, n]` payoff to the defender.
      std_errors: `[m, n]` their standard errors, None if they are not known.

    Returns:
      `[m]` and `[n]`: all weight on one policy each.
    """
    payoffs = pc.checked(payoffs)  # finite, and a matrix
    row, column = payoffs.mean(axis=1).argmax(), payoffs.mean(axis=0).argmin()
    rows, columns = payoffs.shape
    return np.eye(rows)[row], np.eye(columns)[column]


pc.META_SOLVERS["bold"] = pc.Entry(bold)
