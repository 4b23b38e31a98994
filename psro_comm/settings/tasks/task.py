"""What a task is: an experiment and what the paper says about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from psro_comm.settings.experiment import ExperimentConfig

# A row's label, or (defender, attacker) of a cell of the paper's table 3.
Figures = Mapping[str | tuple[str, str], str]


@dataclass(frozen=True)
class Task:
    """One thing to play.

    Attributes:
      quick: the experiment at the budget of minutes.
      stop_return: an attacker of the story is frozen when the team's return falls to
        this: the paper's threshold, where it names one.
      smoke_steps: environment steps of a team's training and of a best response at the
        budget of seconds.
      paper: its figures, shown beside ours.
      published: training and sizes as the backbone's authors had them, of the classes
        of `quick`, for the team of the budget of hours; none: those of `quick`, longer.
    """

    quick: ExperimentConfig
    stop_return: float
    smoke_steps: tuple[int, int] = (16_000, 8_000)
    paper: Figures = field(default_factory=dict)
    published: tuple[Any, Any] | None = None

    def smoke(self) -> ExperimentConfig:
        """Every stage once, in seconds: the numbers mean little but on Echo."""
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
        """Longer trainings, more iterations, more episodes: hours on two cores."""
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
                iterations=5,
                episodes=1000,
                check_episodes=2000,
                restarts=3,
            ),
            evaluation=replace(config.evaluation, episodes=4000),
        )
