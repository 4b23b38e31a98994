"""Observations and states of Combat, feature by feature as SMAC computes them.

An observation is, in this order:

* four flags: a step north, south, east, west is possible;
* for each enemy: may be attacked, distance, dx, dy, [health], [type bits];
* for each other agent: visible, distance, dx, dy, [health], [type bits];
* own health, [type bits], [own x, y as in the state].

Lengths are divided by the sight range; a unit that is dead or not strictly within it is
zeros, and a dead agent sees zeros. A state is a row for each agent (health, cooldown,
x, y, [type bits]), one for each enemy (health, x, y, [type bits]) and the agents' last
actions, one-hot; x and y are from the centre, over the map's side.

Source: oxwhirl/smac, `get_obs_agent`, `get_state`, `get_avail_agent_actions`; type bits
as NDQ's copy of it gives them.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from games.environments.combat.maps import SIDE, CombatMap
from games.environments.combat.movement import ATTACK
from games.environments.combat.tables import POINT, Tables

_PADDED = SIDE + 2  # one cell of void all round, which a step at the edge looks up


class Ranges(NamedTuple):
    """The ranges and flags of a configuration that decide what agents see."""

    sight: float
    shoot: float
    move_amount: float
    all_health: bool
    own_position: bool


class StateLayout(NamedTuple):
    """The places of things in the last axis of `state`."""

    num_agents: int
    num_enemies: int
    agent_width: int  # health, cooldown, x, y, type bits
    enemy_width: int  # health, x, y, type bits
    num_actions: int

    @property
    def size(self) -> int:
        """Returns S, the numbers of a state."""
        units = self.num_agents * self.agent_width + self.num_enemies * self.enemy_width
        return units + self.num_agents * self.num_actions

    def agents(self, state: Tensor) -> Tensor:
        """Returns the agents' rows `[B,N,agent_width]` of `state` [B,S]."""
        rows = state[:, : self.num_agents * self.agent_width]
        return rows.unflatten(1, (self.num_agents, self.agent_width))

    def enemies(self, state: Tensor) -> Tensor:
        """Returns the enemies' rows `[B,E,enemy_width]` of `state` [B,S]."""
        start = self.num_agents * self.agent_width
        rows = state[:, start : start + self.num_enemies * self.enemy_width]
        return rows.unflatten(1, (self.num_enemies, self.enemy_width))


class Observer:
    """Computes observations and states of one map; worlds run along the last axis."""

    def __init__(
        self, tables: Tables, ranges: Ranges, num_actions: int, num_kinds: int
    ) -> None:
        """Tabulates which units see which, and the ground that a step may lead to."""
        self._tables, self._ranges = tables, ranges
        n, e, device = tables.num_agents, tables.num_enemies, tables.device
        self.layout = StateLayout(n, e, 4 + num_kinds, 3 + num_kinds, num_actions)
        features = 4 + ranges.all_health + num_kinds
        own = 1 + num_kinds + 2 * ranges.own_position
        self.obs_size = 4 + (e + n - 1) * features + own
        seen = [[*range(n, n + e), *(j for j in range(n) if j != i)] for i in range(n)]
        self._seen = torch.tensor(seen, device=device).view(-1)
        self._columns = e + n - 1
        # An ally's first feature says that it is seen, at any distance.
        shoot = [ranges.shoot * POINT] * e + [torch.inf] * (n - 1)
        self._shoot = torch.tensor(shoot, device=device)[:, None]
        bits = _type_bits(tables.map, num_kinds)
        self._bits = torch.tensor(bits, device=device).view(n + e, num_kinds, 1)
        self._seen_bits = self._bits[self._seen].view(n, self._columns, num_kinds, 1)
        self._ground = _padded_ground(tables.map).to(device)
        step = ranges.move_amount / 2 * POINT
        self._step_x = torch.tensor([[0.0], [0.0], [step], [-step]], device=device)
        self._step_y = torch.tensor([[step], [-step], [0.0], [0.0]], device=device)
        self._cooldown_scale = tables.column(lambda u: u.cooldown_scale)[:n]
        self._last = torch.eye(num_actions + 1, device=device)[:, :-1].contiguous()

    def show(
        self, position: Tensor, health: Tensor, cooldown: Tensor, last_action: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Returns observations `[B,N,O]`, state `[B,S]`, available actions `[B,N,A]`.

        Args:
          position: `[2,U,B]` points.
          health: `[U,B]`.
          cooldown: `[U,B]` loops.
          last_action: `[B,N]` long; A before the first.
        """
        n, size = self._tables.num_agents, position.shape[2]
        living = health > 0.0
        ratio = health / self._tables.full_health
        ours = position[:, :n]
        apart = position.index_select(1, self._seen).view(2, n, -1, size)
        apart = apart - ours[:, :, None]
        far = apart.square().sum(0).sqrt()
        both = living.index_select(0, self._seen).view(n, -1, size)
        both = both & living[:n, None]
        near = (far <= self._shoot) & both
        steps = self._steps(ours) & living[:n]
        obs = self._observations(ours, apart, far, both, near, steps, ratio, living)
        available = torch.cat(
            [
                torch.stack([~living[:n], living[:n]]),
                steps,
                near[:, : self._tables.num_enemies].transpose(0, 1),
            ]
        )
        return (
            obs,
            self._state(position, ratio, cooldown, living, last_action),
            available.permute(2, 1, 0).contiguous(),
        )

    def _steps(self, ours: Tensor) -> Tensor:
        """Returns whether a step leads to ground, `[4,N,B]`; cells round towards 0."""
        x = ((ours[0] + self._step_x[:, None]) * (1 / POINT)).int() + 1
        y = ((ours[1] + self._step_y[:, None]) * (1 / POINT)).int() + 1
        cell = (y * _PADDED + x).clamp(0, _PADDED**2 - 1)
        return self._ground.index_select(0, cell.view(-1)).view(cell.shape)

    def _observations(
        self,
        ours: Tensor,
        apart: Tensor,
        far: Tensor,
        both: Tensor,
        near: Tensor,
        steps: Tensor,
        ratio: Tensor,
        living: Tensor,
    ) -> Tensor:
        n, size = self._tables.num_agents, far.shape[2]
        sight = self._ranges.sight * POINT
        seen = (far < sight) & both
        scale = 1.0 / sight
        rows = [near.float(), far * scale, *(apart * scale)]
        if self._ranges.all_health:
            rows.append(ratio.index_select(0, self._seen).view(n, -1, size))
        features = torch.stack(rows, 2)
        bits = self._seen_bits.expand(-1, -1, -1, size)
        features = torch.cat([features, bits], 2) * seen[:, :, None]
        own = torch.cat([ratio[:n, None], self._bits[:n].expand(-1, -1, size)], 1)
        parts = [steps.transpose(0, 1).float(), features.flatten(1, 2), own]
        if self._ranges.own_position:
            parts.append(_from_centre(ours).transpose(0, 1))
        obs = torch.cat(parts, 1) * living[:n, None]
        return obs.permute(2, 0, 1).contiguous()

    def _state(
        self,
        position: Tensor,
        ratio: Tensor,
        cooldown: Tensor,
        living: Tensor,
        last_action: Tensor,
    ) -> Tensor:
        n, size = self._tables.num_agents, position.shape[2]
        x, y = _from_centre(position)
        bits = self._bits.expand(-1, -1, size)
        charge = cooldown[:n] / self._cooldown_scale
        ours = torch.stack([ratio[:n], charge, x[:n], y[:n]], 1)
        theirs = torch.stack([ratio[n:], x[n:], y[n:]], 1)
        ours = torch.cat([ours, bits[:n]], 1) * living[:n, None]
        theirs = torch.cat([theirs, bits[n:]], 1) * living[n:, None]
        units = torch.cat([ours.flatten(0, 1), theirs.flatten(0, 1)]).t()
        last = self._last.index_select(0, last_action.view(-1)).view(size, -1)
        return torch.cat([units, last], 1)


def _from_centre(position: Tensor) -> Tensor:
    """Converts points to shares of the map's side, 0 in its middle."""
    return position * (1.0 / (POINT * SIDE)) - 0.5


def _type_bits(combat_map: CombatMap, num_kinds: int) -> list[list[float]]:
    """Returns the one-hot kinds of all units, `[U, num_kinds]`."""
    sides = (combat_map.agents, combat_map.enemies)
    return [
        [float(kind == name) for kind in kinds][:num_kinds]
        for names, kinds in zip(sides, combat_map.kinds, strict=True)
        for name in names
    ]


def _padded_ground(combat_map: CombatMap) -> Tensor:
    cells = range(-1, SIDE + 1)
    return torch.tensor([combat_map.walkable(x, y) for y in cells for x in cells])


def num_actions_of(combat_map: CombatMap) -> int:
    """Returns A, for no-op, stop, four steps, and an attack on each enemy."""
    return ATTACK + len(combat_map.enemies)
