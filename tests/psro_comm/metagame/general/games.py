"""Games from textbooks, whose equilibria are known."""

from collections.abc import Sequence

import numpy as np

from psro_comm.metagame.general.normal_form import NormalFormGame
from psro_comm.metagame.general.role_symmetric import RoleSymmetricGame


def bimatrix(
    first: Sequence[Sequence[float]], second: Sequence[Sequence[float]]
) -> NormalFormGame:
    """A two-player game of rows r0, r1, ... and columns c0, c1, ..."""
    payoffs = np.array([first, second], dtype=float)
    rows, columns = payoffs.shape[1:]
    names = [f"r{i}" for i in range(rows)], [f"c{j}" for j in range(columns)]
    return NormalFormGame(("row", "column"), names, payoffs)


def drawn(seed: int, *shape: int) -> NormalFormGame:
    """A game of random payoffs."""
    payoffs = np.random.default_rng(seed).normal(size=(len(shape), *shape))
    names = [[f"{p}{i}" for i in range(n)] for p, n in enumerate(shape)]
    return NormalFormGame([f"p{p}" for p in range(len(shape))], names, payoffs)


PRISONERS = bimatrix([[3, 0], [5, 1]], [[3, 5], [0, 1]])
SEXES = bimatrix([[3, 0], [0, 2]], [[2, 0], [0, 3]])
CHICKEN = bimatrix([[0, 7], [2, 6]], [[0, 2], [7, 6]])
# von Stengel 2002, example (2.7): each row but the first has a twin best reply.
DEGENERATE = bimatrix([[3, 3], [2, 5], [0, 6]], [[3, 3], [2, 6], [3, 1]])
# McKelvey and McLennan 1996, 9 equilibria; each payoff where players agree.
_CUBE = np.zeros((3, 2, 2, 2))
for _cell, _paid in {
    (0, 0, 0): (9, 8, 12),
    (1, 1, 0): (9, 8, 2),
    (1, 0, 1): (3, 4, 6),
    (0, 1, 1): (3, 4, 6),
}.items():
    _CUBE[(slice(None), *_cell)] = _paid
CUBE = NormalFormGame("abc", [("1", "2")] * 3, _CUBE)


def congestion(players: int = 4) -> RoleSymmetricGame:
    """One role; each of two roads costs as many as are on it, the second twice that."""
    profiles = np.array([(k, players - k) for k in range(players + 1)])
    payoffs = -profiles * np.array([1.0, 2.0])
    return RoleSymmetricGame(
        ("driver",), (players,), (("a", "b"),), profiles, payoffs, title="congestion"
    )


def drawn_roles(
    seed: int, counts: Sequence[int], sizes: Sequence[int]
) -> RoleSymmetricGame:
    """A complete role-symmetric game of random payoffs."""
    from psro_comm.metagame.general.reduction import all_profiles

    profiles = np.array(list(all_profiles(counts, sizes)))
    payoffs = np.random.default_rng(seed).normal(size=profiles.shape)
    names = [[f"{r}{i}" for i in range(n)] for r, n in enumerate(sizes)]
    roles = tuple(f"role{r}" for r in range(len(counts)))
    return RoleSymmetricGame(
        roles, tuple(counts), tuple(map(tuple, names)), profiles, payoffs
    )
