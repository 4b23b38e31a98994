"""The class of tasks: an experiment, and the paper's figures of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from psro_comm.settings.experiment import ExperimentConfig

# A row's label, or (defender, attacker) of a cell of the paper's table 3.
Figures = Mapping[str | tuple[str, str], str]


@dataclass(frozen=True)
class Task:
    """A task: an experiment at three budgets, and the paper's figures of it.

    Attributes:
      quick: the experiment at the budget of minutes.
      stop_return: team return at which an attacker of the story stops training: the
        paper's threshold, where it names one.
      smoke_steps: environment steps of a team's training and of a best response at the
        budget of seconds.
      paper: the paper's figures, which reports show beside those of a run.
      published: training and sizes of the backbone's authors, of the classes of
        `quick`, for the budget of hours; None: those of `quick`, trained longer.
    """

    quick: ExperimentConfig
    stop_return: float
    smoke_steps: tuple[int, int] = (16_000, 8_000)
    paper: Figures = field(default_factory=dict)
    published: tuple[Any, Any] | None = None

    def smoke(self) -> ExperimentConfig:
        """Returns the budget of seconds; its numbers mean little, except on Echo."""
        config, (team, oracle) = self.quick, self.smoke_steps
        return replace(
            config,
            training=replace(config.training, env_steps=team),
            attack_oracle=replace(config.attack_oracle, env_steps=oracle),
            filter_oracle=replace(config.filter_oracle, env_steps=oracle),
            psro=replace(
                config.psro, iterations=2, episodes=64, check_episodes=64, restarts=1
            ),
            evaluation=replace(config.evaluation, episodes=128),
        )

    def paper_sized(self) -> ExperimentConfig:
        """Returns the budget of hours: longer trainings, more iterations and worlds."""
        config = self.quick
        team, attack = config.training.env_steps, config.attack_oracle.env_steps
        filter_ = config.filter_oracle.env_steps
        training, sizes = self.published or (
            replace(config.training, env_steps=4 * team),
            config.backbone_config,
        )
        return replace(
            config,
            training=training,
            backbone_config=sizes,
            attack_oracle=replace(config.attack_oracle, env_steps=3 * attack),
            filter_oracle=replace(config.filter_oracle, env_steps=3 * filter_),
            psro=replace(
                config.psro,
                iterations=8,
                episodes=1000,
                check_episodes=2000,
                restarts=3,
            ),
            evaluation=replace(config.evaluation, episodes=4000),
        )
