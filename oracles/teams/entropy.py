"""Steers the weight of an entropy bonus, so that the entropy follows a target."""

from dataclasses import dataclass

_SLOWEST, _FASTEST = 1 / 1.15, 1.5  # factors of the weight, each update


@dataclass
class Steering:
    """Adapts the entropy's weight, so that the entropy follows a target.

    The entropy starts far above any target and falls fast: the weight stays unchanged
    until the entropy was below the target once, or it would be too small to stop the
    fall. Then it rises faster than it falls, as a policy whose entropy is low too early
    stays so.

    Attributes:
      coef: the weight of the entropy.
      reached: whether the entropy has been below its target.
    """

    coef: float
    reached: bool = False

    def follow(self, entropy: float, target: float) -> None:
        """Changes the weight after an update, by its mean entropy in nats."""
        self.reached = self.reached or entropy < target
        if self.reached:
            wanted = target / max(entropy, 1e-9)
            self.coef *= min(max(wanted, _SLOWEST), _FASTEST)
