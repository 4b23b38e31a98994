"""One world of the built-in simulator, run as the game runs a map.

Units carry tags, and obey raw orders; a trigger makes all of them anew when none lives.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch

from games.environments.combat.config import CombatConfig
from games.environments.combat.env import Combat
from games.environments.combat.maps import SIDE
from games.environments.combat.state import CombatState
from games.environments.combat.tables import POINT
from games.environments.combat.units import UnitType

AGENTS, ENEMIES = 1, 2  # players
RESPAWN = 2  # loops without any unit until the trigger has made new ones


class Scenario(NamedTuple):
    """What a map file stands for.

    Attributes:
      start: the map of `games.environments.combat.maps` whose units the trigger makes.
      roomy: the same with room for what debug commands add.
    """

    start: str
    roomy: str


SCENARIOS = {
    "bane_vs_hM": Scenario("3bane_vs_hM", "4bane_vs_hM"),
    "1o_2r_vs_4r": Scenario("1o_2r_vs_4r", "1o_3r_vs_4r"),
    "3m": Scenario("3m", "3m"),
    "8m": Scenario("8m", "8m"),
}


class Shown(NamedTuple):
    """A living unit; lengths in cells, times in loops."""

    tag: int
    owner: int
    name: str
    type: UnitType
    x: float
    y: float
    health: float
    energy: float
    cooldown: float


class Refused(Exception):
    """An order or command that the world does not carry out."""


class _Birth(NamedTuple):
    name: str
    x: float
    y: float


class World:
    """A map that runs.

    Attributes:
      ground: rows of cells from south to north, true where one can walk.
      loops: game loops played so far.
      respawns: times that the trigger has worked.
      num_agents: slots of agents, the spare ones included.
      tags: of all slots, agents first; a spare slot's means nothing until it is filled.
      state: the simulator's, a batch of one.
    """

    state: CombatState

    def __init__(
        self,
        scenario: Scenario,
        seed: int | None = None,
        *,
        missing: int = 0,
        late: int | None = None,
    ) -> None:
        """Spawns the units.

        Args:
          scenario: the map.
          seed: of all chance; none for another one each time.
          missing: so many agents are left out of every spawn.
          late: and are made so many loops later; none for never.
        """
        self._start = Combat(CombatConfig(map=scenario.start))
        self._combat = Combat(CombatConfig(map=scenario.roomy))
        self._random = torch.Generator()
        if seed is None:
            self._random.seed()
        else:
            self._random.manual_seed(seed)
        self._missing, self._late = missing, late
        tables = self._combat.tables
        n = self.num_agents = tables.num_agents
        self._names = (*tables.map.agents, *tables.map.enemies)
        self._owners = [AGENTS] * n + [ENEMIES] * tables.num_enemies
        cells = range(SIDE)
        self.ground = [[tables.map.walkable(x, y) for x in cells] for y in cells]
        self.loops = self.respawns = 0
        self._last_tag = 0
        self._spawn()

    def units(self) -> Iterator[Shown]:
        """The living."""
        place = (self.state.position[0] / POINT).tolist()
        health, energy, cooldown = (
            field[0].tolist()
            for field in (self.state.health, self.state.energy, self.state.cooldown)
        )
        for k, unit in enumerate(self._combat.tables.units):
            if health[k] > 0:
                rest = (*place[k], health[k], energy[k], cooldown[k])
                yield Shown(self.tags[k], self._owners[k], self._names[k], unit, *rest)

    def stop(self, tag: int) -> None:
        """Orders an agent to stay where the crowd leaves it."""
        k = self._agent(tag)
        self._aim(k, k)
        self.state.goal[0, k] = self.state.position[0, k]
        self._idle[k] = True

    def move(self, tag: int, x: float, y: float) -> None:
        """Orders an agent to walk to a point."""
        k = self._agent(tag)
        self._aim(k, k)
        self.state.goal[0, k] = (torch.tensor([x, y]) * POINT).round()
        self._idle[k] = False

    def attack(self, tag: int, target: int) -> None:
        """Orders an agent to attack; one that cannot hurt the target refuses."""
        k, other = self._agent(tag), self._living(target)
        n = self.num_agents
        if other < n or not self._combat.tables.hits[k, other - n]:
            raise Refused("the unit has no weapon against this target")
        self._aim(k, other)
        # Where it stood is where it stays when the fight is over.
        self.state.goal[0, k] = self.state.position[0, k]
        self._idle[k] = False

    def kill(self, tags: Sequence[int]) -> None:
        """Removes units, by a debug command."""
        for tag in tags:
            if tag in self.tags:
                self.state.health[0, self.tags.index(tag)] = 0.0

    def create(self, name: str, owner: int, x: float, y: float, count: int) -> None:
        """Adds units in the next loop, by a debug command."""
        if owner != AGENTS or len(self._vacant(name)) < count + len(self._births):
            raise Refused(f"there is no room for {count} {name} of player {owner}")
        self._births += [_Birth(name, x, y)] * count

    def advance(self, loops: int) -> None:
        """Plays so many loops."""
        noise = torch.rand(1, self._combat.spec.step_noise, generator=self._random)
        reload = self._combat.reload(noise)
        for _ in range(loops):
            self.loops += 1
            self._bear()
            if self._deserted():
                continue
            loop = self._combat.begin(self.state)
            loop.idle = self._idle[:, None]
            self._combat.advance(loop, reload)
            self.state = loop.state(self.state.last_action, self.state.time)

    def _aim(self, agent: int, target: int) -> None:
        """A new target spoils the aim."""
        if self.state.target[0, agent] != target:
            self.state.windup[0, agent] = 0.0
        self.state.target[0, agent] = target

    def _deserted(self) -> bool:
        """Whether nobody lives; then the trigger works."""
        if bool((self.state.health > 0).any()):
            return False
        self._empty += 1
        if self._empty == RESPAWN:
            self.respawns += 1
            self._spawn()
        return True

    def _spawn(self) -> None:
        """Makes all units of the map, with new tags."""
        noise = torch.rand(1, self._start.spec.reset_noise, generator=self._random)
        state = self._start.reset(noise)
        n, m = self._start.spec.num_agents, self.num_agents
        spare = m - n

        def widen(field: torch.Tensor) -> torch.Tensor:
            room = field.new_zeros(1, spare, *field.shape[2:])
            return torch.cat([field[:, :n], room, field[:, n:]], 1)

        self.state = CombatState(*(widen(field) for field in state[:-2]), *state[-2:])
        self.state = self.state._replace(target=self._combat.tables.own.t().clone())
        first = self._last_tag + 1
        self._last_tag += len(self._names)
        self.tags = list(range(first, self._last_tag + 1))
        self._idle = torch.zeros(m, dtype=torch.bool)
        self._births: list[_Birth] = []
        self._empty = 0
        self._wait = self._late
        self._absent = range(n - self._missing, n)
        for k in self._absent:
            self.state.health[0, k] = 0.0

    def _bear(self) -> None:
        """Makes the units that are due."""
        for name, x, y in self._births:
            slot = self._vacant(name)[0]
            self._place(slot, x, y)
            self._last_tag += 1
            self.tags[slot] = self._last_tag
        self._births = []
        if self._absent and self._wait is not None:
            self._wait -= 1
            if self._wait <= 0:
                for k in self._absent:
                    full = self._combat.tables.full_health[k, 0]
                    self.state.health[0, k] = full
                self._absent = range(0)

    def _vacant(self, name: str) -> list[int]:
        """Slots for units that no spawn fills, and that nobody has filled so far."""
        spare = range(self._start.spec.num_agents, self.num_agents)
        health = self.state.health[0]
        return [k for k in spare if self._names[k] == name and health[k] == 0]

    def _place(self, slot: int, x: float, y: float) -> None:
        """Puts a fresh unit on the ground nearest to a point."""
        tables, state = self._combat.tables, self.state
        if not tables.units[slot].flies and not tables.map.walkable(int(x), int(y)):
            cells = [
                (column + 0.5, row + 0.5)
                for row in range(SIDE)
                for column in range(SIDE)
                if self.ground[row][column]
            ]
            x, y = min(cells, key=lambda c: (c[0] - x) ** 2 + (c[1] - y) ** 2)
        point = (torch.tensor([x, y]) * POINT).round()
        state.position[0, slot] = state.goal[0, slot] = point
        state.health[0, slot] = tables.full_health[slot, 0]
        state.energy[0, slot] = tables.energy[slot, 0]
        state.cooldown[0, slot] = state.windup[0, slot] = 0.0
        state.target[0, slot] = slot
        self._idle[slot] = True

    def _agent(self, tag: int) -> int:
        k = self._living(tag)
        if k >= self.num_agents:
            raise Refused("the unit is another player's")
        return k

    def _living(self, tag: int) -> int:
        if tag not in self.tags or self.state.health[0, self.tags.index(tag)] == 0:
            raise Refused("no such unit")
        return self.tags.index(tag)
