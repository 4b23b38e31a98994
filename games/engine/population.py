"""Mixed strategies and line-ups: several frozen policies with the interface of one.

A mixed strategy is a lottery over policies, drawn once per episode and environment,
never per step: it is not a blend of messages. Attacks and filters share this file
because each of their methods is a function of tensors with a leading axis B.
"""

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from games.engine.tree import map_tensors
from games.engine.view import rows


def _needs(members: Sequence[Any]) -> tuple[str, bool]:
    """Returns `knowledge` and `observes`: the most that any member needs to be shown.

    All members share one view, so the others are shown it as well.
    """
    knowledge = {getattr(member, "knowledge", "own") for member in members}
    observes = any(getattr(member, "observes", False) for member in members)
    return ("white_box" if "white_box" in knowledge else "own"), observes


def narrowed(member: Any, index: Tensor) -> Any:
    """Returns a strategy as it is in some of its environments, `index` `[b]` long.

    Only strategies that keep what they drew in `reset` have an `at` of their own.
    """
    return member.at(index) if hasattr(member, "at") else member


def _broadcast(mask: Tensor, leaf: Tensor) -> Tensor:
    return mask.view(-1, *[1] * (leaf.dim() - 1))


class Mixture:
    """A mixed strategy: each episode is played by one member, drawn at its start.

    Every member that has weight runs in every environment, and `where` selects, so
    that shapes stay the same whatever was drawn.
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
        self.memory_size = sum(member.memory_size for member in self.members)
        self.knowledge, self.observes = _needs(self.members)

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

    def decide(self, view: Any, memory: Tensor, generator: torch.Generator) -> Any:
        """Returns what each environment's member decides (`games.engine.strategy`)."""
        sizes = [member.memory_size for member in self.members]
        answers = [
            member.decide(view, part, generator)
            for member, part in zip(self.members, memory.split(sizes, -1), strict=True)
        ]
        kept = torch.cat([answer.memory for answer in answers], dim=-1)
        chosen = answers[0]._replace(memory=kept)
        for index, answer in enumerate(answers[1:], start=1):
            mine = self.assignment == index
            chosen = map_tensors(
                lambda old, new, mine=mine: torch.where(
                    _broadcast(mine, new), new, old
                ),
                chosen,
                answer._replace(memory=kept),
            )
        return chosen

    def at(self, index: Tensor) -> "Mixture":
        """Returns the same mixture, narrowed to some of the environments."""
        seen = copy.copy(self)
        seen.members = [narrowed(member, index) for member in self.members]
        seen.assignment = self.assignment[index]
        return seen


class Lineup:
    """Policies at fixed seats: `members[assignment[b]]` plays all of environment b.

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
        self.members, self.assignment = members, assignment
        self.memory_size = max(member.memory_size for member in members)
        self.knowledge, self.observes = _needs(members)

    def reset(self, done: Tensor, generator: torch.Generator) -> None:
        """Tells each member which of its own environments start anew."""
        for member, index in self.seats:
            member.reset(done[index], generator)

    def decide(self, view: Any, memory: Tensor, generator: torch.Generator) -> Any:
        """Returns what each environment's member decides (`games.engine.strategy`)."""
        answers = []
        for member, index in self.seats:
            own, size = memory[index], member.memory_size
            answer = member.decide(rows(view, index), own[..., :size], generator)
            kept = torch.cat([answer.memory, own[..., size:]], dim=-1)
            answers.append(answer._replace(memory=kept))
        return map_tensors(
            lambda *leaves: torch.cat(leaves)[self.restore], answers[0], *answers[1:]
        )

    def at(self, index: Tensor) -> "Lineup":
        """Returns the members' seats in some of the environments."""
        place = torch.zeros_like(self.assignment)  # of each in its member's own batch
        for _, own in self.seats:
            place[own] = torch.arange(len(own), device=own.device)
        seats = self.assignment[index]
        members = [
            narrowed(member, place[index][seats == k])
            for k, member in enumerate(self.members)
        ]
        return Lineup(members, seats)
