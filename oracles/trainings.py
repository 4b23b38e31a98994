"""How a team learns: a class of settings and a function, registered by name.

Every function has the signature of `oracles.train_team.train_team`.
"""

from collections.abc import Callable

from oracles.train_ndq import NDQTrainingConfig, train_ndq
from oracles.train_team import TeamTrainingConfig, train_team

TRAININGS: dict[str, tuple[type, Callable[..., None]]] = {
    "ppo": (TeamTrainingConfig, train_team),
    "ndq": (NDQTrainingConfig, train_ndq),
}
