"""One experiment as nested dataclasses; tasks and budgets (tasks/) are values of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from games.engine.registry import settings_of
from games.engine.side import Side
from games.engine.spec import EnvSpec
from games.engine.threat import Threat
from games.environments.registry import ENVS, make_env
from oracles.strategies.config import OracleConfig, Recipe
from oracles.strategies.registry import ORACLES, trainable
from oracles.teams.backbones import BACKBONES
from oracles.teams.teachers import GUIDES
from oracles.teams.trainings import TRAININGS
from psro_comm.disk.differences import completed
from psro_comm.metagame.solvers import META_SOLVERS
from psro_comm.settings.fields import fill_variants, leaves, replace, to_dict, variant

_ABSENT = object()
_ATTACKS, _FILTERS = trainable(Side.ATTACKER), trainable(Side.DEFENDER)
_BUDGETS = settings_of(ORACLES)

# Fields younger than runs that exist, each with what those runs were played with. Who
# adds a field adds a line here, unless nothing that was played before had that value.
PLAYED_BEFORE: Mapping[str, Any] = {
    "learner": "ppo",
    "training.imitation_kept": 0.0,
    "training.credit.others_share": 0.0,
    "training.credit.disaster": None,
    "training.credit.own_critic": False,
    "training.entropy_target": None,
    "training.final_entropy_target": 0.005,
    "training.entropy_fall": 0.6,
    "training.attention_guided": 0.0,
    "psro.warm_start": False,
    "attack_kind": "gaussian",
    "filter_kind": "two_stage",
    "attack_trainer": "ppo",
    "filter_trainer": "ppo",
    "threat.rate": 1.0,
    "threat.knowledge": "own",
}


@dataclass(frozen=True)
class PSROConfig:
    """Settings of R-MACRL.

    Attributes:
      iterations: T of algorithm 1.
      episodes: worlds in which each cell of the payoff table is played.
      check_episodes: fresh worlds of the convergence test.
      restarts: trainings of each best response; the best on fresh worlds is kept.
      meta_solver: solves the payoff table for both mixtures.
      warm_start: the first training of each best response learns on from the own
        policy that does best against the mixture.
      tolerance: a best response must gain more than this, in returns, to count.
      slots: capacity of each population.
    """

    iterations: int = 3
    episodes: int = 256
    check_episodes: int = 256
    restarts: int = 2
    meta_solver: str = field(default="nash", metadata={"choices": tuple(META_SOLVERS)})
    warm_start: bool = False
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
      env_config: the rules of the environment, of its class in ENVS.
      backbone_config: the sizes of the backbone, of its class in BACKBONES.
      learner: how the team learns, key in TRAININGS.
      training: of the team, of the learner's class in TRAININGS.
      threat: what an attacker may do.
      attack_kind: the attack that is trained, key in ATTACKS.
      attack: its settings.
      filter_kind: the message filter that is trained, key in FILTERS.
      filter: its settings.
      attack_trainer: who trains the attack, key in ORACLES.
      attack_oracle: budget and learner of an attack's training.
      filter_trainer: who trains the filter, key in ORACLES.
      filter_oracle: budget and learner of a filter's training.
      psro: R-MACRL.
      evaluation: how returns are measured.
    """

    task: str = "predator_prey_p05"
    seed: int = 0
    device: str = "cpu"
    env: str = field(default="predator_prey", metadata={"choices": tuple(ENVS)})
    backbone: str = field(default="commnet", metadata={"choices": tuple(BACKBONES)})
    env_config: Any = field(default=None, metadata=variant("env", settings_of(ENVS)))
    backbone_config: Any = field(
        default=None, metadata=variant("backbone", settings_of(BACKBONES))
    )
    learner: str = field(default="ppo", metadata={"choices": tuple(TRAININGS)})
    training: Any = field(
        default=None, metadata=variant("learner", settings_of(TRAININGS), own_name=True)
    )
    threat: Threat = field(default_factory=Threat)
    attack_kind: str = field(default="gaussian", metadata={"choices": tuple(_ATTACKS)})
    attack: Any = field(
        default=None, metadata=variant("attack_kind", _ATTACKS, own_name=True)
    )
    filter_kind: str = field(default="two_stage", metadata={"choices": tuple(_FILTERS)})
    filter: Any = field(
        default=None, metadata=variant("filter_kind", _FILTERS, own_name=True)
    )
    attack_trainer: str = field(default="ppo", metadata={"choices": tuple(ORACLES)})
    attack_oracle: Any = field(
        default=None, metadata=variant("attack_trainer", _BUDGETS, own_name=True)
    )
    filter_trainer: str = field(default="ppo", metadata={"choices": tuple(ORACLES)})
    filter_oracle: Any = field(
        default_factory=lambda: OracleConfig(env_steps=200_000),
        metadata=variant("filter_trainer", _BUDGETS, own_name=True),
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
        fill_variants(self)
        self._check_guide()
        if not 0 <= self.seed < 2**31:
            raise ValueError(f"seed is {self.seed}, must lie in [0, 2^31)")
        if self.device not in ("cpu", "cuda"):
            raise ValueError(f"device is {self.device!r}, must be cpu or cuda")
        spec = self.spec
        agents = spec.num_agents
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
        self._check_games(spec)

    def _check_guide(self) -> None:
        """What `train_team` would refuse, before anything is begun."""
        attends = getattr(BACKBONES[self.backbone].config, "attends", False)
        guided = getattr(self.training, "attention_guided", 0.0)
        if guided > 0.0 and not (self.env in GUIDES and attends):
            raise ValueError(
                f"training.attention_guided is {guided}, must be 0 for {self.backbone}"
                f" on {self.env}: it needs tarmac on {' or '.join(GUIDES)}"
            )

    def _check_games(self, spec: EnvSpec) -> None:
        """No training wants more worlds side by side than there are games."""
        for name in ("training", "attack_oracle", "filter_oracle"):
            wanted = getattr(self, name).num_envs
            if spec.side_by_side(wanted) < wanted:
                raise ValueError(
                    f"{name}.num_envs is {wanted}, must be at most {spec.most_worlds},"
                    f" the games of {self.task}: see smac.num_games"
                )

    @property
    def spec(self) -> EnvSpec:
        """Sizes of the environment, which is built for them."""
        return make_env(self.env, self.env_config).spec

    @property
    def num_agents(self) -> int:
        """N of the environment."""
        return self.spec.num_agents

    def recipe(self, side: Side) -> Recipe:
        """What a side trains as its best response, and how."""
        if side is Side.ATTACKER:
            what = self.attack_kind, self.attack
            return Recipe(side, *what, self.attack_trainer, self.attack_oracle)
        what = self.filter_kind, self.filter
        return Recipe(side, *what, self.filter_trainer, self.filter_oracle)


def describe(config: ExperimentConfig) -> Mapping[str, Any]:
    """The configuration as JSON data; the rules and sizes go by their names."""
    return to_dict(config)


def from_description(data: Mapping[str, Any]) -> ExperimentConfig:
    """The inverse of `describe`.

    What the data lack is what was played before there was such a field, or its default.

    Raises:
      ValueError: a value that is not allowed.
    """
    config = _changed_by(data)
    return _changed_by(completed(data, describe(config), PLAYED_BEFORE))


def _changed_by(data: Mapping[str, Any]) -> ExperimentConfig:
    changes: dict[str, Any] = {}
    for leaf in leaves(ExperimentConfig):
        value: Any = data
        for key in leaf.name.split("."):
            value = value.get(key, _ABSENT) if isinstance(value, Mapping) else _ABSENT
        if value is not _ABSENT:
            changes[leaf.name] = tuple(value) if isinstance(value, list) else value
    return replace(ExperimentConfig(), changes)
