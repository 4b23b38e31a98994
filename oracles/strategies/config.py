"""Settings of the game over messages: the threat, both policies, their training."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from games.engine.side import Side
from oracles.learning.config import PPOConfig


@dataclass(frozen=True)
class AttackConfig:
    """Settings of `GaussianAttack`.

    Attributes:
      noise_scale: fixed standard deviation of delta, in rms of a clean message's
        dimensions (Lambda is its square). From 0.3 to 1 nothing was found: start wide.
      mean_scale: size of the mean for a network output of 1, in the same unit.
      alpha: price of the squared distance between m_out and m_adv, in squared mean
        norms of a clean message, against advantages of standard deviation 1.
      hidden: width of both hidden layers.
      stop_return: freeze the attacker once the team's mean return falls to this;
        none trains it to the end of its budget.
    """

    noise_scale: float = 3.0
    mean_scale: float = 8.0
    alpha: float = 5e-4
    hidden: int = 128
    stop_return: float | None = None

    def __post_init__(self) -> None:
        """Checks ranges."""
        for name in ("noise_scale", "mean_scale"):
            if not getattr(self, name) > 0.0:
                raise ValueError(
                    f"attack.{name} is {getattr(self, name)}, must be positive"
                )
        if self.alpha < 0.0:
            raise ValueError(f"attack.alpha is {self.alpha}, must be at least 0")
        if self.hidden < 1:
            raise ValueError(f"attack.hidden is {self.hidden}, must be at least 1")


@dataclass(frozen=True)
class FilterConfig:
    """Settings of `TwoStageFilter`.

    Attributes:
      beta1: weight of the log-likelihood of the true labels.
      beta2: weight of the squared distance of repaired to clean messages, in
        variances of the clean messages.
      hidden: width of both hidden layers of detector and reconstructor.
      critic_hidden: width of the critic's, which sees all messages in training.
      benign_fraction: part of the training episodes without any attack.
      detector: learned, or (ablation) one agent picked at random at every step.
      reconstructor: learned, or (ablation) a random clean-looking message.
    """

    beta1: float = 1.0
    beta2: float = 1.0
    hidden: int = 64
    critic_hidden: int = 128
    benign_fraction: float = 0.2
    detector: str = field(
        default="learned", metadata={"choices": ("learned", "random")}
    )
    reconstructor: str = field(
        default="learned", metadata={"choices": ("learned", "random")}
    )

    def __post_init__(self) -> None:
        """Checks ranges."""
        for name in ("beta1", "beta2"):
            if getattr(self, name) < 0.0:
                raise ValueError(
                    f"filter.{name} is {getattr(self, name)}, must be at least 0"
                )
        for name in ("hidden", "critic_hidden"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"filter.{name} is {getattr(self, name)}, must be at least 1"
                )
        if not 0.0 <= self.benign_fraction < 1.0:
            raise ValueError(
                f"filter.benign_fraction is {self.benign_fraction}, must lie in [0, 1)"
            )
        for name in ("detector", "reconstructor"):
            if getattr(self, name) not in ("learned", "random"):
                raise ValueError(
                    f"filter.{name} is {getattr(self, name)!r},"
                    " must be learned or random"
                )


def one_epoch() -> PPOConfig:
    """Many small steps on fresh data: noise of 64 dimensions drowns a second epoch."""
    return PPOConfig(update_epochs=1, learning_rate=3e-3)


@dataclass(frozen=True)
class OracleConfig:
    """Budget and learner of one best response.

    Attributes:
      env_steps: environment steps of one training, over all environments.
      num_envs: B, environments side by side.
      num_steps: T, steps of a rollout.
      ppo: the learner.
    """

    env_steps: int = 400_000
    num_envs: int = 512
    num_steps: int = 8
    ppo: PPOConfig = field(default_factory=one_epoch)

    def __post_init__(self) -> None:
        """Checks ranges."""
        for name in ("env_steps", "num_envs", "num_steps"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"oracle.{name} is {getattr(self, name)}, must be at least 1"
                )
        if self.num_envs < self.ppo.num_minibatches:
            raise ValueError(
                f"oracle.num_envs is {self.num_envs}, must be at least"
                f" ppo.num_minibatches = {self.ppo.num_minibatches}"
            )

    @property
    def updates(self) -> int:
        """Rollouts of one training."""
        return max(1, self.env_steps // (self.num_envs * self.num_steps))


@dataclass(frozen=True)
class NoiseConfig:
    """Settings of `NoiseAttack`.

    Attributes:
      size: ||m_adv - m_out||, in mean norms of a clean message.
    """

    size: float = 1.0

    def __post_init__(self) -> None:
        """Checks the range."""
        if not self.size > 0.0:
            raise ValueError(f"size is {self.size}, must be positive")


class Recipe(NamedTuple):
    """What a side trains as its best response, and how."""

    side: Side
    kind: str  # of the policy, a key of ATTACKS or FILTERS
    config: Any  # its settings
    oracle: str  # who trains it, a key of ORACLES
    budget: Any  # the oracle's settings
