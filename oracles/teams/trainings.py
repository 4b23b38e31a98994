"""How a team learns: a class of settings and a function, registered by name.

Every function has the signature of `oracles.teams.train_ppo.train_team`.
"""

from collections.abc import Callable

from oracles.teams.train_ndq import NDQTrainingConfig, train_ndq
from oracles.teams.train_ppo import TeamTrainingConfig, train_team

TRAININGS: dict[str, tuple[type, Callable[..., None]]] = {
    "ppo": (TeamTrainingConfig, train_team),
    "ndq": (NDQTrainingConfig, train_ndq),
}
