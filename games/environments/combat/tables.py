"""The constants of the simulator as tensors, computed from a map.

Inside a step, worlds run along the last axis, units (agents first) along the one before
it, and positions are whole numbers of `POINT`s, 1/4096 of a cell, which is also the
game's own resolution. Sums of whole numbers are exact in any order, so a world's future
depends neither on the batch around it nor on the device.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from games.environments.combat.maps import SIDE, CombatMap
from games.environments.combat.units import LOOPS, UNITS, UnitType, blow

POINT = 4096
"""Points in a cell."""

NEVER = -1.0
"""A range in which nothing ever is."""


class Tables:
    """Constants of one map.

    U units: N agents, then E enemies. A pair (u, v) of a flat `[U*U]` table is at
    u * U + v. Lengths are in points, times in loops.

    Attributes:
      units: the units' types, in order.
      num_agents, num_enemies: N, E.
      own: `[U,1]` long, each unit's own number; as a target it means none.
      row: `[U,1]` long, u * U.
      stride: `[U,1]` the longest way in a loop.
      reach, damage: flat `[U*U]`, weapon range with both radii, and hit points.
      hits: `[N,E]` bool, whether the agent's weapon (or explosion) can hurt that enemy.
      notice: `[N,E,1]` the distance at which the enemy turns on the agent.
      aim: `[U,1]` loops from aiming to the hit.
      reload: `[U,1]` loops from the hit to the next aiming, before the random delay.
      explosive: `[N,1]` bool, whether the agent explodes; `explodes`, whether any does.
      blast_reach, blast_damage: `[N,E,1]` range and hit points of explosions.
      heal_reach: `[H,E,1]` range of each healer, `NEVER` for what it cannot heal.
      healers: numbers of the healers among the enemies.
      full_health, regeneration: `[U,1]` hit points, and hit points a loop.
      energy, energy_cap, energy_regeneration: `[U,1]` at the start, at most, a loop.
      first, second: `[P]` long, all pairs of units that push each other apart.
      apart: `[P,1]` the distance that these pairs keep.
      ground: `[2 * SIDE * SIDE]` bool, whether a cell is walkable; the second half is
        all true, for flyers. Cell (x, y) is at y * SIDE + x.
      plane: `[U,1]` int, where a unit's half of `ground` begins.
    """

    def __init__(self, combat_map: CombatMap, device: torch.device) -> None:
        """Builds everything on `device`."""
        self.device, self.map = device, combat_map
        names = (*combat_map.agents, *combat_map.enemies)
        self.units = [UNITS[name] for name in names]
        self.num_agents = len(combat_map.agents)
        self.num_enemies = len(combat_map.enemies)
        self._motion()
        self._weapons()
        self._healing()

    def column(self, value: Callable[[UnitType], float]) -> Tensor:
        """Returns `value` of each unit, `[U,1]` float."""
        return self._tensor([[float(value(unit))] for unit in self.units])

    def _tensor(
        self, values: Sequence[object], dtype: torch.dtype = torch.float32
    ) -> Tensor:
        return torch.tensor(values, dtype=dtype, device=self.device)

    def _long(self, values: Sequence[object]) -> Tensor:
        return self._tensor(values, torch.long)

    def _motion(self) -> None:
        units, count = self.units, len(self.units)
        self.own = self._long([[u] for u in range(count)])
        self.row = self.own * count
        self.stride = self.column(lambda u: round(u.speed * POINT / LOOPS))
        pairs = [
            (u, v)
            for u in range(count)
            for v in range(u + 1, count)
            if units[u].flies == units[v].flies
        ]
        self.first = self._long([u for u, _ in pairs])
        self.second = self._long([v for _, v in pairs])
        self.apart = self._tensor(
            [
                [round((units[u].separation + units[v].separation) * POINT)]
                for u, v in pairs
            ]
        )
        cells = range(SIDE * SIDE)
        walkable = [self.map.walkable(c % SIDE, c // SIDE) for c in cells]
        self.ground = self._tensor(walkable + [True] * len(cells), torch.bool)
        self.plane = self._tensor([[SIDE * SIDE * u.flies] for u in units], torch.int32)

    def _weapons(self) -> None:
        units, n = self.units, self.num_agents
        agents, enemies = units[:n], units[n:]

        def gap(one: UnitType, other: UnitType, reach: float) -> float:
            if reach < 0 or not blow(one, other):
                return NEVER
            return round((reach + one.radius + other.radius) * POINT)

        self.reach = self._tensor([gap(u, v, u.reach) for u in units for v in units])
        # Units that explode hurt by their explosion alone.
        self.damage = self._tensor(
            [0.0 if u.blast else blow(u, v) for u in units for v in units]
        )
        self.hits = self._tensor(
            [[blow(a, e) > 0 for e in enemies] for a in agents], torch.bool
        )
        self.notice = self._tensor(
            [[[gap(e, a, e.acquires)] for e in enemies] for a in agents]
        )
        self.aim = self.column(lambda u: round(u.damage_point * LOOPS))
        self.reload = self.column(
            lambda u: round(u.period * LOOPS) - round(u.damage_point * LOOPS)
        )
        self.explosive = self._tensor([[a.blast > 0] for a in agents], torch.bool)
        self.explodes = any(a.blast for a in agents)
        self.blast_reach = self._tensor(
            [[[_blast(a, e)] for e in enemies] for a in agents]
        )
        self.blast_damage = self._tensor(
            [[[blow(a, e)] for e in enemies] for a in agents]
        )

    def _healing(self) -> None:
        enemies = self.units[self.num_agents :]
        self.full_health = self.column(lambda u: u.health)
        self.regeneration = self.column(lambda u: _per_loop(u.regeneration))
        self.energy = self.column(lambda u: u.energy)
        self.energy_cap = self.column(lambda u: u.energy_cap)
        self.energy_regeneration = self.column(
            lambda u: _per_loop(u.energy_regeneration)
        )
        self.healers = [k for k, e in enumerate(enemies) if e.heals]
        self.heal_reach = self._tensor(
            [
                [[_heal_gap(enemies, k, j)] for j in range(len(enemies))]
                for k in self.healers
            ]
        )


def _per_loop(per_second: float) -> float:
    return round(per_second * POINT / LOOPS) / POINT


def _blast(agent: UnitType, enemy: UnitType) -> float:
    if not agent.blast or not blow(agent, enemy):
        return NEVER
    return round((agent.blast + enemy.radius) * POINT)


def _heal_gap(enemies: Sequence[UnitType], healer: int, patient: int) -> float:
    one, other = enemies[healer], enemies[patient]
    if healer == patient or not other.biological:
        return NEVER
    return round((one.heal_reach + one.radius + other.radius) * POINT)
