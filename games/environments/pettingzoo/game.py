"""One game of somebody else's environment, whose every answer is checked."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from games.environments.pettingzoo.spaces import (
    actions_of,
    flattened,
    mask_in,
    size_of,
)

_REPEATED = 3  # steps after which two games of one seed must have shown the same


class Shown(NamedTuple):
    """What one living agent is shown."""

    numbers: np.ndarray  # float32 [its size]
    available: np.ndarray  # bool [its actions]


class Game:
    """A parallel environment of PettingZoo, as it was made.

    Attributes:
      agents: names of all its agents, in order.
      sizes, choices, first: of each agent, how many numbers it sees, how many actions
        it has, and the number of the first.
    """

    def __init__(self, made: Any, where: str) -> None:
        """Reads the spaces.

        Raises:
          ValueError: no agents, or spaces that are not ours.
        """
        self._game, self._where = made, where
        self.agents = list(getattr(made, "possible_agents", None) or ())
        if not self.agents:
            raise ValueError(f"{where} names no possible_agents: not for us")
        self._living: list[str] = []
        try:
            self._seen = [made.observation_space(agent) for agent in self.agents]
            acts = [made.action_space(agent) for agent in self.agents]
            self.choices = [actions_of(space) for space in acts]
            self.sizes = [size_of(space) for space in self._seen]
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from None
        self.first = [int(getattr(space, "start", 0)) for space in acts]

    @property
    def living(self) -> Sequence[str]:
        """The agents that still play; none at the end."""
        return self._living

    def reset(self, seed: int) -> dict[str, Shown]:
        """Begins the episode of a seed.

        Raises:
          ValueError: it fails, or what it returns is not what PettingZoo asks for.
        """
        self._living = list(self.agents)
        found = self._asked("reset", 2, seed=seed)
        shown = self._shown(*found)
        if not self._living:
            raise ValueError(f"{self._where}: reset left no agents")
        return shown

    def step(
        self, actions: Mapping[str, int]
    ) -> tuple[dict[str, Shown], dict[str, float]]:
        """Takes one step; returns what the living are shown, and everybody's reward.

        Raises:
          ValueError: as `reset`; a reward that is absent or not finite.
        """
        seen, paid, _, _, infos = self._asked("step", 5, dict(actions))
        return self._shown(seen, infos), {a: self._paid(paid, a) for a in actions}

    def warn_unless_repeated(self) -> None:
        """Warns where two episodes of one seed differ: then worlds are nobody's own."""
        told = [self._told() for _ in range(2)]
        if told[0] != told[1]:
            warnings.warn(
                f"{self._where} does not repeat itself by its seed: policies do not"
                " meet the same worlds, and intervals of differences are too narrow or"
                " too wide",
                stacklevel=2,
            )

    def _told(self) -> list[Any]:
        """Returns what the first steps of an episode show, by first actions."""
        shown, told = self.reset(0), list[Any]()
        for _ in range(_REPEATED):
            told.append([each.numbers.tolist() for each in shown.values()])
            if not self._living:
                break
            first = dict(zip(self.agents, self.first, strict=True))
            acts = {a: first[a] + int(shown[a].available.argmax()) for a in shown}
            shown, paid = self.step(acts)
            told.append(paid)
        return told

    def _asked(self, verb: str, count: int, *args: Any, **how: Any) -> tuple[Any, ...]:
        try:
            found = getattr(self._game, verb)(*args, **how)
        except Exception as error:  # it is somebody else's code
            said = " ".join(f"{type(error).__name__}: {error}".split())
            raise ValueError(f"{self._where}: {verb} fails: {said}") from error
        if not isinstance(found, tuple) or len(found) != count:
            many = len(found) if isinstance(found, tuple) else type(found).__name__
            raise ValueError(f"{self._where}: {verb} returned {many}, must be {count}")
        return found

    def _shown(self, seen: Any, infos: Any) -> dict[str, Shown]:
        """Returns what the living are shown, checked."""
        now, before = list(self._game.agents), self._living
        if new := [agent for agent in now if agent not in before]:
            raise ValueError(
                f"{self._where}: agent {new[0]!r} came later, or came back"
            )
        self._living = now
        infos = infos if isinstance(infos, Mapping) else {}
        if not isinstance(seen, Mapping) or (lost := {*now} - {*seen}):
            who = sorted(lost)[0] if isinstance(seen, Mapping) else "every agent"
            raise ValueError(f"{self._where}: {who!r} is shown nothing")
        order = [(i, agent) for i, agent in enumerate(self.agents) if agent in now]
        return {a: self._of(i, a, seen[a], infos.get(a)) for i, a in order}

    def _of(self, number: int, agent: str, seen: Any, info: Any) -> Shown:
        where, size = f"{self._where}: {agent}", self.sizes[number]
        try:
            numbers = flattened(self._seen[number], seen)
            mask = mask_in(seen, info)
        except (TypeError, ValueError, LookupError) as error:
            raise ValueError(
                f"{where} sees what is not of its space: {error}"
            ) from None
        if numbers.shape != (size,):
            raise ValueError(
                f"{where} sees {len(numbers)} numbers, its space has {size}"
            )
        if not np.isfinite(numbers).all():
            raise ValueError(f"{where} sees what is not finite")
        count = self.choices[number]
        if mask is None:
            mask = np.ones(count, bool)
        if mask.shape != (count,):
            raise ValueError(f"{where} has a mask of {mask.shape}, must be ({count},)")
        # Nothing is allowed: it is not said what it then does, so anything.
        return Shown(numbers, mask if mask.any() else np.ones(count, bool))

    def _paid(self, paid: Any, agent: str) -> float:
        given = paid.get(agent) if isinstance(paid, Mapping) else None
        try:
            (reward,) = np.asarray(given, np.float64).reshape(-1)
        except (TypeError, ValueError):
            reward = np.float64("nan")
        if not np.isfinite(reward):
            words = "must be a finite number"
            raise ValueError(f"{self._where} paid {agent} {given!r}, {words}")
        return float(reward)
