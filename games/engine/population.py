"""Mixed strategies and line-ups: several frozen policies behind the face of one.

A mixed strategy is a lottery over policies, drawn once per episode and environment,
never per step: it is not a blend of messages. Attacks and filters share this file
because each of their methods is a function of tensors with a leading axis B.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from games.engine.channel import Decision
from games.engine.tree import map_tensors


def _broadcast(mask: Tensor, leaf: Tensor) -> Tensor:
    return mask.view(-1, *[1] * (leaf.dim() - 1))


class Mixture:
    """A mixed strategy: each episode is played by one member, drawn at its start.

    Every member that has weight runs in every environment, and `where` selects: the
    draw changes all the time, the shapes never do.
    """

    kind = "mixture"

    def __init__(self, members: Sequence[Any], weights: Sequence[float]) -> None:
        """Mixes `members` with probabilities `weights`.

        Raises:
          ValueError: the weights are not a distribution over the members.
        """
        if len(members) != len(weights):
            raise ValueError(
                f"mixture: {len(weights)} weights for {len(members)} policies"
            )
        if not (min(weights) >= 0.0 and abs(sum(weights) - 1.0) <= 1e-6):  # NaN too
            raise ValueError(f"mixture: weights {list(weights)} are no distribution")
        kept = [(m, w) for m, w in zip(members, weights, strict=True) if w > 0.0]
        self.members = [member for member, _ in kept]
        self.weights = torch.tensor([w for _, w in kept], dtype=torch.float64)
        self.edges = self.weights.cumsum(0)[:-1].float()
        self.assignment = torch.zeros(0, dtype=torch.long)

    def reset(self, done: Tensor, generator: torch.Generator) -> None:
        """Redraws the members that play the new episodes, `done` [B] bool."""
        self.edges = self.edges.to(done.device)  # copies at the first step only
        uniform = torch.rand(done.shape, generator=generator, device=done.device)
        drawn = torch.bucketize(uniform, self.edges, right=True)
        if self.assignment.shape != done.shape:
            self.assignment = drawn
        self.assignment = torch.where(done, drawn, self.assignment)
        for member in self.members:
            member.reset(done, generator)

    def decide(self, *inputs: Any) -> Decision:
        """The decisions of each environment's member; see `games.engine.channel`."""
        return self._select(lambda member: member.decide(*inputs))

    def apply(self, message: Tensor, choice: Tensor) -> Tensor:
        """What each environment's member makes of a message."""
        return self._select(lambda member: member.apply(message, choice))

    def _select(self, ask: Callable[[Any], Any]) -> Any:
        chosen = ask(self.members[0])
        for index, member in enumerate(self.members[1:], start=1):
            mine = self.assignment == index
            chosen = map_tensors(
                lambda old, new, mine=mine: torch.where(
                    _broadcast(mine, new), new, old
                ),
                chosen,
                ask(member),
            )
        return chosen


class Lineup:
    """Fixed seats: environment b is played by `members[assignment[b]]` to its end.

    Each member runs only where it plays, so that a table of m by n cells costs as much
    as its episodes, not m or n times that.
    """

    kind = "lineup"

    def __init__(self, members: Sequence[Any], assignment: Tensor) -> None:
        """Seats `members` by `assignment` [B] long."""
        seated = [
            (member, (assignment == index).nonzero().squeeze(1))
            for index, member in enumerate(members)
        ]
        self.seats = [(member, index) for member, index in seated if len(index)]
        self.restore = torch.cat([index for _, index in self.seats]).argsort()

    def reset(self, done: Tensor, generator: torch.Generator) -> None:
        """Tells each member about its own environments."""
        for member, index in self.seats:
            member.reset(done[index], generator)

    def decide(self, *inputs: Any) -> Decision:
        """The decisions of each environment's member; see `games.engine.channel`."""
        *tensors, generator = inputs
        return self._join(
            [
                member.decide(*(t[index] for t in tensors), generator)
                for member, index in self.seats
            ]
        )

    def apply(self, message: Tensor, choice: Tensor) -> Tensor:
        """What each environment's member makes of a message."""
        return self._join(
            [
                member.apply(message[index], choice[index])
                for member, index in self.seats
            ]
        )

    def _join(self, parts: list[Any]) -> Any:
        return map_tensors(
            lambda *leaves: torch.cat(leaves)[self.restore], parts[0], *parts[1:]
        )
