"""The replay buffer: rollouts of single environments, kept to learn from again."""

from collections.abc import Mapping

import torch
from torch import Tensor

from games.engine.channel import Memories
from games.engine.env import TimeStep
from games.engine.team import Carry
from games.engine.tree import leaves, map_tensors
from oracles.teams.ndq_learner import Memory

_KEY = "replay."


class Replay:
    """A buffer of the last `capacity` rollouts; with capacity 0 it keeps none.

    Source: Mnih et al. 2015; whole episodes, as NDQ's code keeps them.
    """

    def __init__(self, capacity: int) -> None:
        """Starts empty."""
        self.capacity = capacity
        self._kept: Memory | None = None

    def add(self, fresh: Memory, batch: int, generator: torch.Generator) -> Memory:
        """Adds the rollouts `fresh` [.,B,...], and draws a batch of those kept.

        Args:
          fresh: B rollouts.
          batch: how many to draw, evenly and with replacement.
          generator: draws them.

        Returns:
          The batch `[.,batch,...]`; `fresh` itself where nothing is kept.
        """
        if self.capacity == 0:
            return fresh
        both = fresh
        if self._kept is not None:
            both = map_tensors(
                lambda old, new: torch.cat([old, new], 1), self._kept, fresh
            )
        self._kept = map_tensors(lambda leaf: leaf[:, -self.capacity :], both)
        size = self._kept.action.shape[1]
        index = torch.randint(
            size, (batch,), generator=generator, device=self._kept.action.device
        )
        drawn: Memory = map_tensors(lambda leaf: leaf[:, index], self._kept)
        return drawn

    def snapshot(self) -> dict[str, Tensor]:
        """Copies all that is kept."""
        if self._kept is None:
            return {}
        kept = leaves(self._kept)
        return {f"{_KEY}{k}": leaf.clone() for k, leaf in enumerate(kept)}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Restores what `snapshot` returned."""
        found = {k: v for k, v in tensors.items() if k.startswith(_KEY)}
        kept = [found[f"{_KEY}{k}"].clone() for k in range(len(found))]
        self._kept = _as_memory(kept) if kept else None


def _as_memory(kept: list[Tensor]) -> Memory:
    """Builds a `Memory` from its tensors: the inverse of `leaves`."""
    rest = iter(kept)
    memory, m_in, malicious, in_flight, *players = (
        next(rest) for _ in (*Carry._fields[:-1], *Memories._fields)
    )
    carry = Carry(memory, m_in, malicious, in_flight, Memories(*players))
    timestep = TimeStep(*(next(rest) for _ in TimeStep._fields))
    return Memory(carry, timestep, *rest)
