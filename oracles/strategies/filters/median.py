"""The filter that lets everybody say what the middle of the team says."""

from collections.abc import Sequence
from typing import Any, Self

import torch
from torch import Tensor

from games.engine.view import FilterView
from oracles.strategies.filters.config import MedianConfig
from oracles.strategies.filters.rule import RuleFilter
from oracles.strategies.setting import Setting


class MedianFilter(RuleFilter):
    """Replaces every message by the median of all living senders', number by number.

        x_i = 1,   g_r(m_i)_d = median_{k alive} m_k,d

    As long as liars are fewer than half of those compared they cannot move a number
    beyond what the honest say; of two a liar decides half. Where a team writes a part
    of each message for each receiver (NDQ), the parts for one receiver are compared
    with each other. A message with a number that is not finite counts as not said.
    """

    kind = "median"
    settings = MedianConfig
    _place: Tensor  # [N,D] long; of all numbers to be said, which each number is
    _places: int  # how many there are

    def __init__(
        self,
        message_size: int,
        num_agents: int,
        places: Sequence[Sequence[int]] | None = None,
        **settings: Any,
    ) -> None:
        """Prepares to compare messages.

        Args:
          message_size: D.
          num_agents: N.
          places: `[N,D]`, numbers of different senders that mean the same have the same
            place; None where these are the numbers at the same position.
          **settings: none; see `RuleFilter`.
        """
        super().__init__(message_size, num_agents, **settings)
        self.places = places
        whole = [range(message_size)] * num_agents
        rows = [[*row] for row in places or whole]
        self._places = max(map(max, rows)) + 1
        self.register_buffer("_place", torch.tensor(rows), persistent=False)

    @classmethod
    def new(cls, setting: Setting, config: Any = None) -> Self:
        """Builds it for a game; asks its team what each receiver reads.

        Raises:
          ValueError: it is not for that many agents.
        """
        size, agents = setting.team.message_size, setting.env.spec.num_agents
        (config or cls.settings()).check_agents(agents)
        return cls(size, agents, _places(setting.team, agents))

    def arguments(self) -> dict[str, Any]:
        """Returns what `rebuild` needs, as JSON data."""
        return {**super().arguments(), "places": self.places}

    def flags(self, messages: Tensor) -> Tensor:
        """Flags everybody."""
        return torch.ones_like(messages[..., 0], dtype=torch.bool)

    def repaired(self, view: FilterView) -> Tensor:
        """Returns the medians, `[B,N,D]`; zero where nobody said anything."""
        messages = view.messages
        place = self._place.expand(messages.shape)
        said = view.alive[..., None] & messages.isfinite().all(-1, keepdim=True)
        shape = *messages.shape[:-1], self._places
        nothing = torch.full(shape, torch.inf).to(messages)
        words = nothing.scatter(-1, place, messages.where(said, torch.inf))
        count = words.isfinite().sum(-2, keepdim=True)
        inorder = words.sort(dim=-2).values  # what was not said is last
        low = inorder.gather(-2, (count - 1).clamp(min=0) // 2)
        high = inorder.gather(-2, (count // 2).clamp(max=shape[-2] - 1))
        middle = torch.where(count > 0, (low + high) / 2, 0.0)
        return middle.expand(shape).gather(-1, place)


def _places(team: Any, agents: int) -> list[list[int]] | None:
    """Returns the place of each number of each sender, `[N,D]`; None: its position."""
    size = team.message_size
    found = [[0] * size for _ in range(agents)]
    for sender in range(agents):
        for receiver in range(agents):
            first, end = team.read_by(receiver, sender)
            if (first, end) == (0, size):
                return None
            if receiver != sender:
                places = range(receiver * (end - first), (receiver + 1) * (end - first))
                found[sender][first:end] = places
    return found
