"""Mixed strategies and line-ups: several frozen policies with the interface of one.

A mixed strategy is a lottery over policies, drawn once per episode and environment,
never per step: it is not a blend of messages. Attacks and filters share this file
because each of their methods is a function of tensors with a leading axis B.
"""

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

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


def waits(values: Tensor) -> bool:
    """Returns whether the host would wait for a device to learn what `values` are."""
    return values.device.type != "cpu"


def _shown(view: Any, member: Any, index: Tensor) -> Any:
    """Returns a view narrowed to some environments, and to what a member may know."""
    knows = getattr(member, "knowledge", "own") == "white_box"
    if not knows and getattr(view, "white_box", None) is not None:
        view = view._replace(white_box=None)
    return rows(view, index)


def _answer(member: Any, view: Any, memory: Tensor, generator: torch.Generator) -> Any:
    """Returns what a member decides; it remembers in the first places of `memory`."""
    size = member.memory_size
    answer = member.decide(view, memory[..., :size], generator)
    kept = torch.cat([answer.memory, memory[..., size:]], dim=-1)
    return answer._replace(memory=kept)


def _broadcast(mask: Tensor, leaf: Tensor) -> Tensor:
    return mask.view(-1, *[1] * (leaf.dim() - 1))


class Mixture:
    """A mixed strategy: each episode is played by one member, drawn at its start.

    On a card, every member that has weight runs in every environment, and `where`
    selects, so that shapes stay the same whatever was drawn. On a CPU each runs only
    where it plays.
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
        self.memory_size = max(member.memory_size for member in self.members)
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
        self._seat()

    def decide(self, view: Any, memory: Tensor, generator: torch.Generator) -> Any:
        """Returns what each environment's member decides (`games.engine.strategy`)."""
        if self.seated is not None:
            return self.seated.decide(view, memory, generator)
        answers = [_answer(member, view, memory, generator) for member in self.members]
        chosen = answers[0]
        for index, answer in enumerate(answers[1:], start=1):
            mine = self.assignment == index
            chosen = map_tensors(
                lambda old, new, mine=mine: torch.where(
                    _broadcast(mine, new), new, old
                ),
                chosen,
                answer,
            )
        return chosen

    def at(self, index: Tensor) -> "Mixture":
        """Returns the same mixture, narrowed to some of the environments."""
        seen = copy.copy(self)
        seen.members = [narrowed(member, index) for member in self.members]
        seen.assignment = self.assignment[index]
        seen._seat()
        return seen

    def _seat(self) -> None:
        """Seats the members where they play, unless that would make the host wait."""
        where = self.assignment
        self.seated = None if waits(where) else Lineup.of(self.members, where)


class Crowd:
    """One policy with the weights of many, which play side by side.

    What each decides is one batched product of all: an operator is called once, not
    once for each. For policies that `broadcasts`, whose every parameter may have a
    leading axis of environments.
    """

    def __init__(self, policy: Any, weights: Tensor) -> None:
        """Prepares copies of `policy` with C times all its parameters, `[C,P]`."""
        self.policy, self.weights = policy, weights
        self.memory_size = policy.memory_size

    def seat(self, assignment: Tensor) -> Any:
        """Returns a policy whose environment b is played by `assignment[b]`, `[B]`."""
        seated = copy.deepcopy(self.policy)
        named = [*seated.named_parameters()]
        sizes = [parameter.numel() for _, parameter in named]
        parts = self.weights.split(sizes, -1)
        for (path, parameter), part in zip(named, parts, strict=True):
            module, _, name = path.rpartition(".")
            own = part.view(-1, *parameter.shape)[assignment]
            seated.get_submodule(module).register_parameter(
                name, nn.Parameter(own, requires_grad=False)
            )
        return seated


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

    @classmethod
    def of(cls, members: Sequence[Any], assignment: Tensor) -> "Lineup":
        """Seats members that began to play everywhere; they keep what they drew."""
        own = [
            narrowed(member, (assignment == index).nonzero().squeeze(1))
            for index, member in enumerate(members)
        ]
        return cls(own, assignment)

    def reset(self, done: Tensor, generator: torch.Generator) -> None:
        """Tells each member which of its own environments start anew."""
        for member, index in self.seats:
            member.reset(done[index], generator)

    def decide(self, view: Any, memory: Tensor, generator: torch.Generator) -> Any:
        """Returns what each environment's member decides (`games.engine.strategy`)."""
        if len(self.seats) == 1:
            return _answer(self.seats[0][0], view, memory, generator)
        answers = [
            _answer(member, _shown(view, member, index), memory[index], generator)
            for member, index in self.seats
        ]
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


def members(policy: Any) -> Iterator[Any]:
    """Yields the policies that a mixture holds, however deep; of others, themselves."""
    if isinstance(policy, Mixture):
        for member in policy.members:
            yield from members(member)
    else:
        yield policy
