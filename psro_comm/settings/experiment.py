"""The configuration of one experiment; tasks and budgets (tasks/) are values of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from games.engine.registry import Settings
from games.engine.settings import check, choice, integer, refusal
from games.engine.side import Side
from games.engine.spec import Extent
from games.engine.threat import Threat
from games.environments.registry import ENVS, extent_of
from oracles.strategies.config import OracleConfig, Recipe, one_epoch
from oracles.strategies.registry import (
    ORACLES,
    check_knowledge,
    check_trainer,
    trainable,
)
from oracles.teams.backbones import BACKBONES
from oracles.teams.teachers import GUIDES
from oracles.teams.trainings import TRAININGS
from psro_comm.disk.differences import completed
from psro_comm.settings.fields import fill_variants, leaves, replace, to_dict, variant
from psro_comm.settings.hardening import HardeningConfig
from psro_comm.settings.psro import PSROConfig

_ABSENT = object()
_ATTACKS, _FILTERS = trainable(Side.ATTACKER), trainable(Side.DEFENDER)
_BUDGETS = Settings(ORACLES)

# Fields that were added after runs were made, each with the value that was in force
# before. A new field gets a line here, unless no earlier run was played with its value.
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
    "training.message_dropout": 0.0,
    "hardening.start": None,
    "hardening.share": 0.5,
    "hardening.rounds": 2,
    "hardening.search_steps": 100_000,
    "hardening.families": None,
    "echo.speakers": 1,
    "psro.warm_start": False,
    "psro.paper": True,
    "psro.attacks": None,
    "psro.filters": None,
    "psro.start": None,
    "psro.patience": 1,
    "psro.spread": 0.0,
    "attack_kind": "gaussian",
    "filter_kind": "two_stage",
    "attack_trainer": "ppo",
    "filter_trainer": "ppo",
    "filter_oracle.beta1": 1.0,
    "filter_oracle.beta2": 1.0,
    "filter_oracle.repairs": "bent",
    "filter_oracle.ppo_coef": 0.0,
    "attack.noise_shape": "diagonal",
    "attack.noise": "fixed",
    **{
        f"{backbone}.{name}": value
        for backbone in ("commnet", "tarmac", "ndq")
        for name, value in (("talks", True), ("ensemble", 0), ("reliability", 0))
    },
    "threat.rate": 1.0,
    "threat.knowledge": "own",
}


@dataclass(frozen=True)
class EvaluationConfig:
    """The settings by which returns are measured.

    Attributes:
      episodes: number of worlds behind a reported return.
      num_envs: most episodes that are played side by side.
    """

    episodes: int = integer(1000, least=2)
    num_envs: int = integer(1024, least=1)

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)


@dataclass(frozen=True)
class ExperimentConfig:
    """The configuration of a run: everything that decides its numbers.

    Attributes:
      task: name of the task whose settings this begins with.
      seed: seed of the whole run.
      device: the device that computes, cpu or cuda.
      env: the environment, key in ENVS.
      backbone: the networks by which the team talks, key in BACKBONES.
      env_config: the rules of the environment, of its class in ENVS.
      backbone_config: the sizes of the backbone, of its class in BACKBONES.
      learner: the algorithm that trains the team, key in TRAININGS.
      training: settings of the team's training, of the learner's class in TRAININGS.
      hardening: how a team learns on under lies, if it does.
      threat: the rules that say what an attacker may do.
      attack_kind: the attack that is trained, key in ATTACKS.
      attack: settings of the attack.
      filter_kind: the message filter that is trained, key in FILTERS.
      filter: settings of the filter.
      attack_trainer: the oracle that trains the attack, key in ORACLES.
      attack_oracle: budget and learner of an attack's training.
      filter_trainer: the oracle that trains the filter, key in ORACLES.
      filter_oracle: budget and learner of a filter's training.
      psro: settings of R-MACRL.
      evaluation: settings by which returns are measured.
    """

    task: str = "predator_prey_p05"
    seed: int = integer(0, least=0, most=2**31 - 1)
    device: str = choice("cpu", ("cpu", "cuda"))
    env: str = choice("predator_prey", ENVS)
    backbone: str = choice("commnet", BACKBONES)
    env_config: Any = field(default=None, metadata=variant("env", Settings(ENVS)))
    backbone_config: Any = field(
        default=None, metadata=variant("backbone", Settings(BACKBONES))
    )
    learner: str = choice("ppo", TRAININGS)
    training: Any = field(
        default=None, metadata=variant("learner", Settings(TRAININGS), own_name=True)
    )
    hardening: HardeningConfig = field(default_factory=HardeningConfig)
    threat: Threat = field(default_factory=Threat)
    attack_kind: str = choice("gaussian", _ATTACKS)
    attack: Any = field(
        default=None, metadata=variant("attack_kind", _ATTACKS, own_name=True)
    )
    filter_kind: str = choice("two_stage", _FILTERS)
    filter: Any = field(
        default=None, metadata=variant("filter_kind", _FILTERS, own_name=True)
    )
    attack_trainer: str = choice("ppo", ORACLES)
    attack_oracle: Any = field(
        # Twice a filter's minibatches: far stronger without a cap, weaker under one.
        default_factory=lambda: OracleConfig(ppo=one_epoch(8)),
        metadata=variant("attack_trainer", _BUDGETS, own_name=True),
    )
    filter_trainer: str = choice("ppo", ORACLES)
    filter_oracle: Any = field(
        default_factory=lambda: OracleConfig(env_steps=200_000),
        metadata=variant("filter_trainer", _BUDGETS, own_name=True),
    )
    psro: PSROConfig = field(default_factory=PSROConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)

    def __post_init__(self) -> None:
        """Fills the variants, and checks what no part can check alone."""
        check(self)
        fill_variants(self)
        self._check_guide()
        agents = self.extent.num_agents  # of an environment that must be there
        if hasattr(self.backbone_config, "check_agents"):
            try:
                self.backbone_config.check_agents(agents)
            except ValueError as error:
                raise ValueError(f"{self.backbone}.{error}") from None
        ensemble: Any = getattr(self.backbone_config, "ensemble", 0)
        if ensemble and self.hardening.start is not None:
            words = "none for an ensemble, which learns from no lie"
            raise refusal("hardening.start", self.hardening.start, words)
        for side in Side:
            trainer = f"{side.strategy}_trainer"
            kind = getattr(self, f"{side.strategy}_kind")
            check_trainer(trainer, getattr(self, trainer), side, kind)
        knowledge = self.threat.knowledge
        check_knowledge(f"the attack {self.attack_kind!r}", self.attack_kind, knowledge)
        threat = self.threat
        if threat.num_malicious > agents:
            words = f"at most {agents}, the agents of {self.task}"
            raise refusal("threat.num_malicious", threat.num_malicious, words)
        if not all(0 <= agent < agents for agent in threat.malicious or ()):
            words = f"agents 0 to {agents - 1}"
            raise refusal("threat.malicious", threat.malicious, words)

    def _check_guide(self) -> None:
        """Refuses, before a run begins, a guide that `train_team` would refuse."""
        attends = getattr(BACKBONES[self.backbone].config, "attends", False)
        guided = getattr(self.training, "attention_guided", 0.0)
        if guided > 0.0 and not (self.env in GUIDES and attends):
            raise refusal(
                "training.attention_guided",
                guided,
                f"0 for {self.backbone} on {self.env}: it needs tarmac on"
                f" {' or '.join(GUIDES)}",
            )

    def check_games(self, names: Iterable[str]) -> None:
        """Refuses trainings that want more worlds side by side than there are games.

        Args:
          names: the trainings to come, of `training`, `attack_oracle`, `filter_oracle`.

        Raises:
          ValueError: one of them wants too many.
        """
        extent = self.extent
        for name in names:
            wanted = getattr(self, name).num_envs
            if extent.side_by_side(wanted) < wanted:
                raise refusal(
                    f"{name}.num_envs",
                    wanted,
                    f"at most {extent.most_worlds}, the games of {self.task}: see"
                    f" {self.env}.num_games",
                )

    @property
    def extent(self) -> Extent:
        """The size of the environment: its agents, steps and worlds."""
        return extent_of(self.env, self.env_config)

    @property
    def num_agents(self) -> int:
        """The number of agents of the environment, N."""
        return self.extent.num_agents

    def recipe(self, side: Side) -> Recipe:
        """Returns what a side trains as its best response, and how."""
        if side is Side.ATTACKER:
            what = self.attack_kind, self.attack
            return Recipe(side, *what, self.attack_trainer, self.attack_oracle)
        what = self.filter_kind, self.filter
        return Recipe(side, *what, self.filter_trainer, self.filter_oracle)


def describe(config: ExperimentConfig) -> Mapping[str, Any]:
    """Returns the configuration as JSON data, variants under their own names."""
    return to_dict(config)


def from_description(data: Mapping[str, Any]) -> ExperimentConfig:
    """Returns the configuration of such JSON data: the inverse of `describe`.

    A field that the data lack gets its value of `PLAYED_BEFORE`, or its default.

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
