"""Tasks of StarCraft micromanagement with NDQ (the paper's section 4, costly channel).

The game is the built-in simulator, `games/combat`. On the overlord's maps agents
observe their position: all corners look alike, and an overlord that does not know its
corner has nothing to tell. The four-agent maps have two malicious agents, as in the
paper. The budget of hours trains the team as NDQ's authors did, from scratch: it is
there for comparison, not because it plays better.
"""

from games.engine.threat import Threat
from games.environments.combat.config import CombatConfig
from games.environments.combat.maps import MAPS
from oracles.strategies.config import OracleConfig
from oracles.teams.backbones.config import NDQConfig
from oracles.teams.config import NDQTrainingConfig, published
from psro_comm.names import EQUILIBRIUM, LABELS, REPAIRED, RMACRL, VANILLA
from psro_comm.settings.experiment import ExperimentConfig
from psro_comm.settings.tasks.task import Figures, Task

_BANELINGS = NDQTrainingConfig()
_OVERLORD = NDQTrainingConfig(env_steps=1_200_000, num_envs=256, num_steps=50)


def _fight(
    rules: CombatConfig,
    training: NDQTrainingConfig,
    paper: Figures,
    *,
    stop_return: float,
    num_malicious: int = 1,
) -> Task:
    quick = ExperimentConfig(
        env="combat",
        backbone="ndq",
        learner="ndq",
        env_config=rules,
        backbone_config=NDQConfig(),
        training=training,
        threat=Threat(num_malicious=num_malicious),
        attack_oracle=OracleConfig(env_steps=300_000),
        filter_oracle=OracleConfig(env_steps=150_000),
    )
    limit = MAPS[rules.map].episode_limit
    return Task(
        quick,
        stop_return,
        (31_000, 8_000),
        paper,
        published=(published(limit), NDQConfig(layer_norm=False)),
    )


def _table(ours: str, vanilla: str) -> dict[str | tuple[str, str], str]:
    return {
        (RMACRL, EQUILIBRIUM): ours,
        (VANILLA, EQUILIBRIUM): vanilla,
    }


TASKS = {
    "3bane_vs_hM": _fight(
        CombatConfig(map="3bane_vs_hM"),
        _BANELINGS,
        {
            LABELS[REPAIRED]: "wins about 60 %",
            **_table("12.36 ± 0.26", "11.32 ± 0.15"),
        },
        stop_return=7.0,
    ),
    "4bane_vs_hM": _fight(
        CombatConfig(map="4bane_vs_hM"),
        _BANELINGS,
        _table("15.86 ± 0.08", "15.50 ± 0.29"),
        stop_return=7.0,
        num_malicious=2,
    ),
    "1o_2r_vs_4r": _fight(
        CombatConfig(map="1o_2r_vs_4r", own_position=True),
        _OVERLORD,
        {
            LABELS[REPAIRED]: "wins about 55 %",
            **_table("17.70 ± 0.16", "16.33 ± 0.54"),
        },
        stop_return=11.0,
    ),
    "1o_3r_vs_4r": _fight(
        CombatConfig(map="1o_3r_vs_4r", own_position=True),
        _OVERLORD,
        _table("18.39 ± 0.80", "17.03 ± 0.53"),
        stop_return=11.0,
        num_malicious=2,
    ),
    "3m": _fight(CombatConfig(map="3m"), _OVERLORD, {}, stop_return=12.0),
    "8m": _fight(CombatConfig(map="8m"), _OVERLORD, {}, stop_return=12.0),
}
