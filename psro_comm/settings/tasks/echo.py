"""The task Echo: it takes seconds, and every value is known by hand.

`echo_four` has three speakers who see the same: two of them outvote a liar.
"""

from dataclasses import replace

from games.engine.threat import Threat
from games.environments.echo.config import EchoConfig
from oracles.learning.config import PPOConfig
from oracles.strategies.attacks.config import AttackConfig
from oracles.strategies.config import OracleConfig
from oracles.strategies.filters.config import FilterConfig
from oracles.teams.backbones.config import CommNetConfig
from oracles.teams.config import TeamTrainingConfig
from psro_comm.settings.experiment import ExperimentConfig, PSROConfig
from psro_comm.settings.tasks.task import Task

_ORACLE = OracleConfig(
    env_steps=60_000, num_envs=64, num_steps=16, ppo=PPOConfig(learning_rate=3e-3)
)
_TRAINING = TeamTrainingConfig(
    env_steps=60_000,
    num_envs=64,
    num_steps=16,
    checkpoint_every=20,
    ppo=PPOConfig(
        learning_rate=3e-3,
        entropy_coef=0.01,
        final_entropy_coef=0.001,
        update_epochs=2,
        num_minibatches=2,
    ),
)

_QUICK = ExperimentConfig(
    env="echo",
    backbone_config=CommNetConfig(message_size=8, memory_size=16),
    training=_TRAINING,
    threat=Threat(malicious=(0,)),  # the listener's messages change nothing
    attack=AttackConfig(hidden=32),
    filter=FilterConfig(hidden=32, critic_hidden=32),
    attack_oracle=_ORACLE,
    filter_oracle=_ORACLE,
    psro=PSROConfig(restarts=1),
)
_STEPS, _HALF = (40_000, 20_000), 4.0

TASKS = {
    "echo": Task(_QUICK, _HALF, _STEPS),
    "echo_four": Task(
        replace(_QUICK, env_config=EchoConfig(speakers=3)),
        *(_HALF, _STEPS),
    ),
}
