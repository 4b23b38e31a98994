"""The teachers of Combat: `Hunt`, and `Ambush` for the baneling maps.

Both read all units' places from `TimeStep.state`, which no policy may see.
"""

from collections import deque
from typing import NamedTuple

import torch
from torch import Tensor

from games.engine.env import TimeStep
from games.environments.combat.env import Combat
from games.environments.combat.maps import SIDE, CombatMap
from games.environments.combat.movement import (
    ATTACK,
    EAST,
    NO_OP,
    NORTH,
    SOUTH,
    STOP,
    WEST,
)
from games.environments.combat.units import LOOPS

_STEPS = ((0, 1), (0, -1), (1, 0), (-1, 0))  # north, south, east, west: (x, y)
_FAR = 1e6
_CLOSE = 3.3  # cells from the enemy, just out of its range: from here on, no retreat
_BEND = 0.01  # steps that a cell of straight distance counts as
_NEAR = 0.01  # health that a cell of distance counts as


class Scene(NamedTuple):
    """The parts of a state that a teacher reads."""

    place: Tensor  # [B,N,2] cells, agents
    prey: Tensor  # [B,E,2] cells, enemies
    health: Tensor  # [B,E] shares of full health; 0 for the dead


class Hunt:
    """A teacher: agents walk the shortest way to enemies and attack the weakest.

    Agents without a weapon stay where they are, and so do all agents where the enemies
    come by themselves, as an agent that walks cannot shoot. On the baneling maps this
    is the greedy play that mostly loses.
    """

    def __init__(self, env: Combat) -> None:
        """Measures the ways to all places where enemies start."""
        self._layout, self._map = env.layout, env.map
        self._actions = env.spec.num_actions
        points = [
            ((west + east) / 2, (south + north) / 2)
            for group in env.map.groups
            if group.enemies
            for west, east, south, north in group.regions
        ]
        self._points = torch.tensor(points, device=env.device)  # [G,2]
        ways = [ways_to(env.map, int(x), int(y)) for x, y in points]
        self._ways = torch.tensor(ways, device=env.device)  # [G,SIDE*SIDE]
        self._armed = env.tables.hits.any(1)  # [N]
        self._can_hit = env.tables.hits  # [N,E]
        self._move = torch.tensor(_STEPS, device=env.device)

    def __call__(self, timestep: TimeStep) -> Tensor:
        """Returns the actions of all agents `[B,N]` long, always available ones."""
        scene = self.read(timestep.state)
        return self.pursue(scene, timestep.available)

    def read(self, state: Tensor) -> Scene:
        """Reads places and health in `state` [B,S]."""
        agents, enemies = self._layout.agents(state), self._layout.enemies(state)
        return Scene(
            (agents[..., 2:4] + 0.5) * SIDE,
            (enemies[..., 1:3] + 0.5) * SIDE,
            enemies[..., 0],
        )

    def pursue(self, scene: Scene, available: Tensor) -> Tensor:
        """Returns an attack where one is available, else the step of `approach`."""
        may = available[..., ATTACK:] & self._can_hit
        far = (scene.place[:, :, None] - scene.prey[:, None]).norm(dim=-1)
        worth = scene.health[:, None] + _NEAR * far
        weakest = torch.where(may, worth, torch.inf).argmin(-1)
        action = torch.where(
            may.any(-1), ATTACK + weakest, self.approach(scene, available)
        )
        action = torch.where(self._armed, action, STOP)
        return torch.where(available[..., NO_OP], NO_OP, action)

    def approach(self, scene: Scene, available: Tensor) -> Tensor:
        """Returns the step `[B,N]` that leaves the shortest way to the enemies."""
        living = (scene.health > 0).float()[..., None]
        middle = (scene.prey * living).sum(1) / living.sum(1).clamp(min=1.0)
        goal = (middle[:, None] - self._points).square().sum(-1).argmin(-1)  # [B]
        if self._map.charge is not None:
            return torch.full_like(available[..., STOP], STOP, dtype=torch.long)
        cell = (scene.place[:, :, None] + self._move).int().clamp(0, SIDE - 1)
        index = cell[..., 1] * SIDE + cell[..., 0]  # [B,N,4]
        ways = self._ways[goal][:, None].expand(-1, index.shape[1], -1)
        left = ways.gather(2, index.long())
        # Of two ways of as many cells, the straighter one avoids walks back and forth.
        after = scene.place[:, :, None] + self._move - self._points[goal][:, None, None]
        left = left + _BEND * after.norm(dim=-1)
        left = left.masked_fill(~available[..., NORTH:ATTACK], 2 * _FAR)
        return NORTH + left.argmin(-1)


class Ambush(Hunt):
    """A teacher: banelings gather out of the hydralisk's sight and attack together.

    Those of the arms walk along the corridor's southern edge until a step south opens
    before them, those of the stem go north until both sides open; there they wait. When
    all are there, or one is dead, all go. Gathering needs only what an agent sees;
    *when* to go is one fact about all agents, which has to be told.
    """

    def __init__(self, env: Combat) -> None:
        """Measures how far a baneling goes in a step."""
        super().__init__(env)
        self._stride = env.tables.units[0].speed * env.config.step_mul / LOOPS

    def __call__(self, timestep: TimeStep) -> Tensor:
        """Returns the actions of all agents `[B,N]` long, always available ones."""
        scene, available = self.read(timestep.state), timestep.available
        alive = ~available[..., NO_OP]
        x = scene.place[..., 0]
        far = (scene.place - scene.prey[:, :1]).norm(dim=-1)
        north, south = available[..., NORTH], available[..., SOUTH]
        east, west = available[..., EAST], available[..., WEST]
        stem = (x > 14.5) & (x < 17.5)
        low = scene.place[..., 1] < 30.0
        there = torch.where(stem, east & west, low & south) | (far < _CLOSE)
        go = (there | ~alive).all(1) | ~alive.all(1)
        along = torch.where(x < SIDE / 2, EAST, WEST)
        gather = torch.where(low, along, SOUTH)
        gather = torch.where(stem & north, NORTH, gather)
        gather = torch.where(there, STOP, gather)
        gather = torch.where(alive, gather, NO_OP)
        return torch.where(go[:, None], self.pursue(scene, available), gather)

    def approach(self, scene: Scene, available: Tensor) -> Tensor:
        """Returns the step `[B,N]` that ends nearest to the hydralisk."""
        after = scene.place[:, :, None] + self._stride * self._move
        left = (after - scene.prey[:, None, :1]).norm(dim=-1)
        left = left.masked_fill(~available[..., NORTH:ATTACK], _FAR)
        return NORTH + left.argmin(-1)


def combat_teacher(env: Combat) -> Hunt:
    """Returns the teacher of the map that `env` plays."""
    return Ambush(env) if env.tables.explodes else Hunt(env)


def ways_to(combat_map: CombatMap, x: int, y: int) -> list[float]:
    """Returns the steps from each cell to (x, y) over ground, `[SIDE * SIDE]`."""
    ways = [_FAR] * (SIDE * SIDE)
    ways[y * SIDE + x] = 0.0
    queue = deque([(x, y)])
    while queue:
        x, y = queue.popleft()
        for dx, dy in _STEPS:
            to = (y + dy) * SIDE + x + dx
            if combat_map.walkable(x + dx, y + dy) and ways[to] == _FAR:
                ways[to] = ways[y * SIDE + x] + 1.0
                queue.append((x + dx, y + dy))
    return ways
