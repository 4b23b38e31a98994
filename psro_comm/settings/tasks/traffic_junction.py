"""Tasks of Traffic Junction with TarMAC (the paper's section 4, local communication).

The paper reports success and, in its table 3, utilities that fit a horizon of 40 steps,
on the hard map with fewer arrivals. `tj_easy_40` and `tj_hard_40` play so, the others
as long as IC3Net does.
"""

from dataclasses import replace
from typing import Any

from games.environments.traffic_junction.config import TrafficJunctionConfig
from oracles.learning.config import PPOConfig
from oracles.strategies.config import OracleConfig
from oracles.teams.backbones.config import TarMACConfig
from oracles.teams.config import CreditConfig, TeamTrainingConfig
from psro_comm.names import (
    ATTACKED,
    CLEAN,
    EQUILIBRIUM,
    LABELS,
    REPAIRED,
    RMACRL,
    VANILLA,
)
from psro_comm.settings.experiment import EvaluationConfig, ExperimentConfig, PSROConfig
from psro_comm.settings.tasks.task import Figures, Task

# A car's return ends at its collision: what follows teaches it nothing. Attention is
# guided: otherwise it stays uniform, and the team learns to ignore messages.
_EASY = TeamTrainingConfig(
    env_steps=2_000_000,
    num_envs=512,
    num_steps=20,
    imitation_fraction=0.0,
    critic_hidden=64,
    ppo=PPOConfig(
        learning_rate=3e-3,
        gamma=0.99,
        gae_lambda=0.95,
        update_epochs=3,
        num_minibatches=4,
        entropy_coef=0.02,
        max_grad_norm=2.0,
    ),
    credit=CreditConfig(others_share=0.3, disaster=-5.0, own_critic=True),
    entropy_target=0.2,
    final_entropy_target=0.003,
    entropy_fall=0.85,
    attention_guided=0.1,
)


# Chunks of 40 steps, half a game of the hard map.
_LARGER = replace(
    _EASY,
    env_steps=1_200_000,
    num_envs=128,
    num_steps=40,
    final_entropy_target=0.002,
    ppo=replace(_EASY.ppo, learning_rate=2e-3, update_epochs=2),
    credit=replace(_EASY.credit, others_share=0.1),
)


def _drive(
    rules: TrafficJunctionConfig,
    memory: int,
    training: TeamTrainingConfig,
    stop_return: float,
    paper: Figures | None = None,
    **oracles: Any,
) -> Task:
    quick = ExperimentConfig(
        env="traffic_junction",
        backbone="tarmac",
        env_config=rules,
        backbone_config=TarMACConfig(memory_size=memory),
        training=training,
        **oracles,
    )
    return Task(quick, stop_return, paper=paper or {})


_PAPER_EASY: Figures = {
    LABELS[CLEAN]: "success 99.9 ± 0.1",
    LABELS[ATTACKED]: "success 87.2 ± 4.68",
    LABELS[REPAIRED]: "success 96.41 ± 1.38",
    (RMACRL, EQUILIBRIUM): "-4.08 ± 0.04",
    (VANILLA, EQUILIBRIUM): "-4.24 ± 0.08",
}
_PAPER_HARD: Figures = {
    LABELS[CLEAN]: "success 94.9 ± 0.2",
    LABELS[ATTACKED]: "success 88.75 ± 7.29",
    LABELS[REPAIRED]: "success 93.23 ± 8.11",
    (RMACRL, EQUILIBRIUM): "-9.33 ± 0.29",
    (VANILLA, EQUILIBRIUM): "-9.80 ± 0.08",
}

# Twenty slots cost four times what five do: trainings are short and have no restarts,
# and worlds are few.
_CUT = {
    "attack_oracle": OracleConfig(env_steps=200_000, num_envs=256),
    "filter_oracle": OracleConfig(env_steps=100_000, num_envs=256),
    "psro": PSROConfig(restarts=1, episodes=128, check_episodes=128),
    "evaluation": EvaluationConfig(episodes=400),
}

_LATER = TrafficJunctionConfig(level="hard", episode_limit=40, arrival=0.02)

TASKS = {
    "tj_easy": _drive(
        TrafficJunctionConfig(level="easy"), 32, _EASY, -20.0, _PAPER_EASY
    ),
    "tj_easy_40": _drive(
        TrafficJunctionConfig(level="easy", episode_limit=40),
        32,
        replace(_EASY, num_envs=256, num_steps=40),
        -40.0,
        _PAPER_EASY,
    ),
    "tj_medium": _drive(TrafficJunctionConfig(level="medium"), 64, _LARGER, -60.0),
    "tj_hard": _drive(
        TrafficJunctionConfig(level="hard"), 64, _LARGER, -150.0, _PAPER_HARD, **_CUT
    ),
    "tj_hard_40": _drive(_LATER, 64, _LARGER, -40.0, _PAPER_HARD, **_CUT),
}
