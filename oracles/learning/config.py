"""Settings of PPO."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PPOConfig:
    """Settings of proximal policy optimisation.

    Attributes:
      learning_rate: of Adam at the start.
      final_learning_rate: fraction of it that is left at the end (linear decay).
      gamma: discount.
      gae_lambda: of generalised advantage estimation; 0 is the one-step advantage.
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

    learning_rate: float = 1e-3
    final_learning_rate: float = 0.1
    gamma: float = 0.97
    gae_lambda: float = 0.9
    clip_coef: float = 0.2
    entropy_coef: float = 0.0
    final_entropy_coef: float = 0.0
    value_coef: float = 0.5
    value_scale: float = 10.0
    update_epochs: int = 3
    num_minibatches: int = 4
    max_grad_norm: float = 0.5
    normalize_advantage: bool = True

    def __post_init__(self) -> None:
        """Checks ranges."""
        for name in ("gamma", "gae_lambda", "final_learning_rate"):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise ValueError(f"ppo.{name} is {value}, must lie in [0, 1]")
        for name in ("learning_rate", "clip_coef", "value_scale", "max_grad_norm"):
            if not getattr(self, name) > 0.0:
                raise ValueError(
                    f"ppo.{name} is {getattr(self, name)}, must be positive"
                )
        for name in ("update_epochs", "num_minibatches"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"ppo.{name} is {getattr(self, name)}, must be at least 1"
                )
