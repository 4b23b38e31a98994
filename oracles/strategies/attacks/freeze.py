"""The attack that says one message of another world for ever."""

from torch import Tensor

from oracles.strategies.attacks.config import FreezeConfig
from oracles.strategies.attacks.swap import SwapAttack


class FreezeAttack(SwapAttack):
    """Says what the same agent said at step k of another world, at every step.

    As `SwapAttack` does, it draws the world at the start of each episode. Each message
    is a clean one; what the team goes by is then old news that never changes.
    """

    kind = "freeze"
    settings = FreezeConfig

    def when(self, step: Tensor) -> Tensor:
        """Returns k, whatever the step."""
        return step * 0 + self.config.step
