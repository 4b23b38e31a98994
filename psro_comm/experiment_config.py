"""One experiment as nested dataclasses; tasks and budgets are values of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from games.echo import EchoConfig
from games.envs import ENVS
from games.predator_prey import PredatorPreyConfig
from oracles.attacks import AttackConfig
from oracles.backbones import BACKBONES
from oracles.backbones.commnet import CommNetConfig
from oracles.filters import FilterConfig
from oracles.learner import OracleConfig
from oracles.ppo import PPOConfig
from oracles.tampering import Threat
from oracles.train_team import TeamTrainingConfig
from psro_comm.meta_solvers import META_SOLVERS


@dataclass(frozen=True)
class PSROConfig:
    """Settings of R-MACRL.

    Attributes:
      iterations: T of algorithm 1.
      episodes: worlds in which each cell of the payoff table is played.
      check_episodes: fresh worlds of the convergence test.
      restarts: trainings of each best response; the best on fresh worlds is kept.
      meta_solver: solves the payoff table for both mixtures.
      tolerance: a best response must gain more than this, in returns, to count.
      slots: capacity of each population.
    """

    iterations: int = 3
    episodes: int = 256
    check_episodes: int = 256
    restarts: int = 2
    meta_solver: str = field(default="nash", metadata={"choices": tuple(META_SOLVERS)})
    tolerance: float = 0.0
    slots: int = 32

    def __post_init__(self) -> None:
        """Checks ranges."""
        for name in ("iterations", "restarts"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"psro.{name} is {getattr(self, name)}, must be at least 1"
                )
        for name in ("episodes", "check_episodes"):
            if getattr(self, name) < 2:
                raise ValueError(
                    f"psro.{name} is {getattr(self, name)}, must be at least 2"
                )
        if self.meta_solver not in META_SOLVERS:
            raise ValueError(
                f"psro.meta_solver is {self.meta_solver!r},"
                f" must be one of {sorted(META_SOLVERS)}"
            )
        if self.slots < self.iterations + 2:
            raise ValueError(
                f"psro.slots is {self.slots}, must be at least iterations + 2 ="
                f" {self.iterations + 2}"
            )


@dataclass(frozen=True)
class EvaluationConfig:
    """How returns are measured.

    Attributes:
      episodes: worlds of a reported return.
      num_envs: most environments side by side.
    """

    episodes: int = 1000
    num_envs: int = 1024

    def __post_init__(self) -> None:
        """Checks ranges."""
        for name, least in (("episodes", 2), ("num_envs", 1)):
            if getattr(self, name) < least:
                raise ValueError(
                    f"evaluation.{name} is {getattr(self, name)},"
                    f" must be at least {least}"
                )


@dataclass(frozen=True)
class ExperimentConfig:
    """Everything that decides the numbers of a run.

    Attributes:
      task: name of the preset this began from.
      seed: of the whole run.
      device: cpu or cuda.
      env: the environment, key in ENVS.
      backbone: how the team talks, key in BACKBONES.
      predator_prey: rules of Predator-Prey.
      echo: rules of Echo.
      commnet: sizes of CommNet.
      training: of the team.
      threat: what an attacker may do.
      attack: the learned attack.
      filter: the message filter.
      attack_oracle: budget of an attack's training.
      filter_oracle: budget of a filter's training.
      psro: R-MACRL.
      evaluation: how returns are measured.
    """

    task: str = "predator_prey_p05"
    seed: int = 0
    device: str = "cpu"
    env: str = field(default="predator_prey", metadata={"choices": tuple(ENVS)})
    backbone: str = field(default="commnet", metadata={"choices": tuple(BACKBONES)})
    predator_prey: PredatorPreyConfig = field(default_factory=PredatorPreyConfig)
    echo: EchoConfig = field(default_factory=EchoConfig)
    commnet: CommNetConfig = field(default_factory=CommNetConfig)
    training: TeamTrainingConfig = field(default_factory=TeamTrainingConfig)
    threat: Threat = field(default_factory=Threat)
    attack: AttackConfig = field(default_factory=AttackConfig)
    filter: FilterConfig = field(default_factory=FilterConfig)
    attack_oracle: OracleConfig = field(default_factory=OracleConfig)
    filter_oracle: OracleConfig = field(
        default_factory=lambda: OracleConfig(env_steps=200_000)
    )
    psro: PSROConfig = field(default_factory=PSROConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)

    def __post_init__(self) -> None:
        """Checks what no part can check alone."""
        if self.env not in ENVS:
            raise ValueError(f"env is {self.env!r}, must be one of {sorted(ENVS)}")
        if self.backbone not in BACKBONES:
            raise ValueError(
                f"backbone is {self.backbone!r}, must be one of {sorted(BACKBONES)}"
            )
        if not 0 <= self.seed < 2**31:
            raise ValueError(f"seed is {self.seed}, must lie in [0, 2^31)")
        if self.device not in ("cpu", "cuda"):
            raise ValueError(f"device is {self.device!r}, must be cpu or cuda")
        agents = self.num_agents
        if self.threat.num_malicious > agents:
            raise ValueError(
                f"threat.num_malicious is {self.threat.num_malicious},"
                f" must be at most {agents}, the agents of {self.task}"
            )
        for agent in self.threat.captured or ():
            if not 0 <= agent < agents:
                raise ValueError(
                    f"threat.captured names agent {agent}, must be 0 to {agents - 1}"
                )

    @property
    def num_agents(self) -> int:
        """N of the environment."""
        return ENVS[self.env][1](self.env_config).spec.num_agents

    @property
    def env_config(self) -> Any:
        """The rules of the environment that is played."""
        return getattr(self, self.env)

    @property
    def backbone_config(self) -> Any:
        """The sizes of the backbone that talks."""
        return getattr(self, self.backbone)


TASKS = ("echo", "predator_prey_p0", "predator_prey_p05")
BUDGETS = ("smoke", "quick", "paper")

# The paper freezes the attacker when the team's return falls to these.
STOP_RETURNS = {"predator_prey_p0": 23.0, "predator_prey_p05": 20.0, "echo": 4.0}


def preset(task: str, budget: str, seed: int = 0) -> ExperimentConfig:
    """The experiment of a task at a budget.

    Args:
      task: one of `TASKS`.
      budget: `smoke` (seconds), `quick` (minutes) or `paper`.
      seed: of the run.

    Raises:
      ValueError: an unknown task or budget.
    """
    if task not in TASKS:
        raise ValueError(f"task is {task!r}, must be one of {', '.join(TASKS)}")
    if budget not in BUDGETS:
        raise ValueError(f"budget is {budget!r}, must be one of {', '.join(BUDGETS)}")
    config = _echo(seed) if task == "echo" else _predator_prey(task, seed)
    return _BUDGETS[budget](config)


def _echo(seed: int) -> ExperimentConfig:
    ppo = PPOConfig(learning_rate=3e-3)
    oracle = OracleConfig(env_steps=60_000, num_envs=64, num_steps=16, ppo=ppo)
    return ExperimentConfig(
        task="echo",
        seed=seed,
        env="echo",
        commnet=CommNetConfig(message_size=8, memory_size=16),
        training=TeamTrainingConfig(
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
        ),
        threat=Threat(captured=(0,)),  # the listener's messages change nothing
        attack=AttackConfig(hidden=32),
        filter=FilterConfig(hidden=32, critic_hidden=32),
        attack_oracle=oracle,
        filter_oracle=oracle,
        psro=PSROConfig(restarts=1),
    )


def _predator_prey(task: str, seed: int) -> ExperimentConfig:
    punishment = {"predator_prey_p0": 0.0, "predator_prey_p05": -0.5}[task]
    return ExperimentConfig(
        task=task,
        seed=seed,
        predator_prey=PredatorPreyConfig(punishment=punishment),
    )


def _smoke(config: ExperimentConfig) -> ExperimentConfig:
    """Every stage once, in seconds: the numbers mean little but on Echo."""
    echo = config.task == "echo"
    small = 20_000 if echo else 8_000
    return replace(
        config,
        training=replace(config.training, env_steps=40_000 if echo else 16_000),
        attack_oracle=replace(config.attack_oracle, env_steps=small),
        filter_oracle=replace(config.filter_oracle, env_steps=small),
        psro=replace(
            config.psro, iterations=2, episodes=64, check_episodes=64, restarts=1
        ),
        evaluation=replace(config.evaluation, episodes=128),
    )


def _quick(config: ExperimentConfig) -> ExperimentConfig:
    return config


def _paper(config: ExperimentConfig) -> ExperimentConfig:
    """Longer trainings, more iterations, more episodes: hours on two cores."""
    return replace(
        config,
        training=replace(config.training, env_steps=4 * config.training.env_steps),
        attack_oracle=replace(
            config.attack_oracle, env_steps=3 * config.attack_oracle.env_steps
        ),
        filter_oracle=replace(
            config.filter_oracle, env_steps=3 * config.filter_oracle.env_steps
        ),
        psro=replace(
            config.psro, iterations=5, episodes=1000, check_episodes=2000, restarts=3
        ),
        evaluation=replace(config.evaluation, episodes=4000),
    )


_BUDGETS = {"smoke": _smoke, "quick": _quick, "paper": _paper}


def describe(config: ExperimentConfig) -> Mapping[str, Any]:
    """The configuration as JSON data: only the parts that this run reads."""
    unused = {name for name in ENVS if name != config.env}
    unused |= {name for name in BACKBONES if name != config.backbone}
    return {
        part.name: _plain(getattr(config, part.name))
        for part in fields(config)
        if part.name not in unused
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if hasattr(value, "__dataclass_fields__"):
        return _plain(asdict(value))
    return value
