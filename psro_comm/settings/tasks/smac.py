"""Tasks of StarCraft II itself (the paper's section 4), which need the game.

`bin.doctor --smac` checks the game. `smac:NAME` plays any map that SMAC knows or NDQ
made. A task is made when it is asked for, because the sizes of its map come from SMAC,
which few machines have.
"""

from dataclasses import replace

from games.engine.threat import Threat
from games.environments.smac.config import NDQ_MAPS, SmacConfig
from oracles.strategies.config import OracleConfig
from oracles.teams.backbones.config import NDQConfig
from oracles.teams.config import NDQTrainingConfig, published
from psro_comm.settings.experiment import ExperimentConfig
from psro_comm.settings.tasks import combat
from psro_comm.settings.tasks.task import Task

PREFIX = "smac:"
NAMES = tuple(PREFIX + name for name in NDQ_MAPS)  # those that the paper plays
_GAMES = 8


def make_task(name: str) -> Task:
    """Returns the task `smac:MAP`.

    Raises:
      ValueError: SMAC or the game is missing, or it has no such map.
    """
    chosen = name.removeprefix(PREFIX)
    oracle = OracleConfig(env_steps=150_000, num_envs=_GAMES)
    quick = ExperimentConfig(
        env="smac",
        backbone="ndq",
        learner="ndq",
        env_config=SmacConfig(
            map=chosen, own_position=chosen.startswith("1o_"), num_games=_GAMES
        ),
        backbone_config=NDQConfig(),
        training=replace(NDQTrainingConfig(), num_envs=_GAMES),
        threat=Threat(num_malicious=num_malicious(chosen)),
        attack_oracle=oracle,
        filter_oracle=oracle,
    )
    training = published(quick.extent.episode_limit)
    return Task(
        quick,
        stop_return(chosen),
        published=(training, NDQConfig(layer_norm=False)),
    )


def stop_return(chosen: str) -> float:
    """Returns `Task.stop_return` on the map `chosen`, as in the built-in simulator."""
    return combat.TASKS[chosen].stop_return if chosen in combat.TASKS else 11.0


def num_malicious(chosen: str) -> int:
    """Returns the number of malicious agents on a map, as in the built-in simulator."""
    if chosen not in combat.TASKS:
        return 1
    return combat.TASKS[chosen].quick.threat.num_malicious
