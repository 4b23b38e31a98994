"""The registry of trainings of teams: by name, a function and its settings.

Every function has the signature of `oracles.teams.train_ppo.train_team`.
"""

from games.engine.registry import Entry
from oracles.teams.config import NDQTrainingConfig, TeamTrainingConfig

TRAININGS: dict[str, Entry] = {
    "ppo": Entry("oracles.teams.train_ppo:train_team", TeamTrainingConfig),
    "ndq": Entry("oracles.teams.train_ndq:train_ndq", NDQTrainingConfig),
}
