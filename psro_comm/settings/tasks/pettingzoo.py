"""Tasks of PettingZoo's parallel environments: `pettingzoo:MODULE`, made on demand.

Nothing is known of such a game: its team learns by PPO, and whether it talks is for its
gate to say.
"""

from dataclasses import replace

from games.environments.pettingzoo.config import PettingZooConfig
from oracles.strategies.config import OracleConfig
from oracles.teams.config import TeamTrainingConfig
from psro_comm.settings.experiment import ExperimentConfig
from psro_comm.settings.tasks.task import Task

PREFIX = "pettingzoo:"
NAMES = (f"{PREFIX}mpe2.simple_spread_v3",)  # one of many
_GAMES = 64


def make_task(name: str) -> Task:
    """Returns the task `pettingzoo:MODULE` or `pettingzoo:MODULE:FUNCTION`.

    Raises:
      ValueError: there is no such environment, or its spaces are not ours.
    """
    rules = PettingZooConfig(make=name.removeprefix(PREFIX), num_games=_GAMES)
    training = TeamTrainingConfig()
    oracle = OracleConfig(env_steps=100_000, num_envs=_GAMES)
    quick = ExperimentConfig(
        env="pettingzoo",
        env_config=rules,
        training=replace(training, env_steps=400_000, num_envs=_GAMES),
        attack_oracle=oracle,
        filter_oracle=oracle,
    )
    return Task(quick, stop_return(name))


def stop_return(chosen: str) -> float:
    """Returns `Task.stop_return`: none, for nobody knows what is much."""
    return -1e9


def num_malicious(chosen: str) -> int:
    """Returns the number of malicious agents."""
    return 1
