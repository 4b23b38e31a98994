"""The filter that shortens what is too long."""

from torch import Tensor

from games.engine.view import FilterView
from oracles.strategies.filters.config import ClipConfig
from oracles.strategies.filters.norm import NormFilter


class ClipFilter(NormFilter):
    """Shortens messages that are too long to the greatest length that passes.

        x_i = [ |m_i| > limit E|m_out| ],   g_r = limit E|m_out| m_i / |m_i|

    It keeps the direction: a false alarm costs less than with a `NormFilter`, and a lie
    of that length passes. A message without a length (NaN) becomes zero.
    """

    kind = "clip"
    settings: type = ClipConfig

    def repaired(self, view: FilterView) -> Tensor:
        """Returns the messages at the greatest length, `[B,N,D]`."""
        length = view.messages.norm(dim=-1, keepdim=True).clamp(min=1e-12)
        shortened = view.messages * (self.config.limit * self.message_norm / length)
        return shortened.nan_to_num(0.0, 0.0, 0.0)
