"""Settings of PPO."""

from dataclasses import dataclass

from games.engine.settings import check, integer, number


@dataclass(frozen=True)
class PPOConfig:
    """The settings of proximal policy optimisation.

    Attributes:
      learning_rate: Adam's learning rate at the start.
      final_learning_rate: fraction of it that is left at the end (linear decay).
      gamma: discount.
      gae_lambda: lambda of generalised advantage estimation; 0 is the one-step
        advantage.
      clip_coef: epsilon of the clipped ratio.
      entropy_coef: weight of the entropy bonus at the start.
      final_entropy_coef: weight of the entropy bonus at the end (geometric decay).
      value_coef: weight of the value loss.
      value_scale: unit in which the value error is measured, in returns.
      update_epochs: passes over a rollout.
      num_minibatches: parts of a rollout; environments are split, never time.
      max_grad_norm: gradients are clipped to this norm.
      normalize_advantage: standardise advantages within a minibatch.
    """

    learning_rate: float = number(1e-3, above=0)
    final_learning_rate: float = number(0.1, least=0, most=1)
    gamma: float = number(0.97, least=0, most=1)
    gae_lambda: float = number(0.9, least=0, most=1)
    clip_coef: float = number(0.2, above=0)
    entropy_coef: float = number(0.0)
    final_entropy_coef: float = number(0.0)
    value_coef: float = number(0.5)
    value_scale: float = number(10.0, above=0)
    update_epochs: int = integer(3, least=1)
    num_minibatches: int = integer(4, least=1)
    max_grad_norm: float = number(0.5, above=0)
    normalize_advantage: bool = True

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)
