"""The weight of an entropy bonus, steered so that the entropy falls as it should."""

from dataclasses import dataclass

_SLOWEST, _FASTEST = 1 / 1.15, 1.5  # factors of the weight, each update


@dataclass
class Steering:
    """The entropy's weight, so that the entropy follows a target.

    A policy starts far above any target and falls fast: the weight stays what it is
    until the entropy has been below once, or it would be too small to catch the fall.
    After that it rises faster than it sinks, for a policy that is sure too early stays
    so.

    Attributes:
      coef: the weight.
      reached: whether the entropy has been below its target.
    """

    coef: float
    reached: bool = False

    def follow(self, entropy: float, target: float) -> None:
        """Moves the weight after an update whose mean entropy, in nats, is known."""
        self.reached = self.reached or entropy < target
        if self.reached:
            wanted = target / max(entropy, 1e-9)
            self.coef *= min(max(wanted, _SLOWEST), _FASTEST)
