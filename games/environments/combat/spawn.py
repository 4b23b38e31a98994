"""Places the units of a map at their start."""

import torch
from torch import Tensor

from games.environments.combat.maps import SIDE, Group
from games.environments.combat.tables import POINT, Tables

_NOISE = 3  # uniform numbers that a group needs


class Spawner:
    """Draws where units start: a region, a point, and each unit's offset from it.

    Attributes:
      noise: how many uniform numbers one world's start needs.
    """

    def __init__(self, tables: Tables) -> None:
        """Tabulates the groups of the map."""
        self._tables, device = tables, tables.device
        groups = tables.map.groups
        self.noise = _NOISE * len(groups)
        most = max(len(group.regions) for group in groups)
        padded = [
            (*g.regions, *g.regions[-1:] * (most - len(g.regions))) for g in groups
        ]
        self._regions = torch.tensor(padded, device=device).view(-1, 4)  # [G*R,4]
        self._counts = torch.tensor(
            [float(len(g.regions)) for g in groups], device=device
        )
        self._first = torch.arange(len(groups), device=device) * most
        group = [*_owners(groups, agents=True), *_owners(groups, agents=False)]
        self._group = torch.tensor(group, device=device)  # [U]
        members = [m for g in groups for m in g.agents]
        members += [m for g in groups for m in g.enemies]
        offsets = [(m.dx, m.dy) for m in members]
        self._offsets = torch.tensor(offsets, device=device)  # [U,2]

    def place(self, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Returns positions and goals, both `[B,U,2]` points, from `noise` [B, 3 * G].

        A unit whose offset would set it off the ground starts at the group's point.
        The goal of agents is where they are, that of enemies where they march, or their
        start.
        """
        tables, n = self._tables, self._tables.num_agents
        draw = noise.view(len(noise), -1, _NOISE)  # [B,G,3]
        region = (draw[..., 0] * self._counts).long() + self._first
        west, east, south, north = self._regions[region].unbind(-1)  # [B,G]
        x = west + draw[..., 1] * (east - west)
        y = south + draw[..., 2] * (north - south)
        point = torch.stack([x, y], -1)[:, self._group]  # [B,U,2]
        point = (point * POINT).round()
        beside = (point + self._offsets * POINT).round()
        edge = SIDE * POINT - 1
        point, beside = point.clamp(0, edge), beside.clamp(0, edge)
        cell = (beside * (1 / POINT)).int()
        index = cell[..., 1] * SIDE + cell[..., 0] + tables.plane[:, 0]
        position = torch.where(tables.ground[index][..., None], beside, point)
        if tables.map.sorted_agents:
            order = position[:, :n, :1].argsort(dim=1, stable=True).expand(-1, -1, 2)
            ours = position[:, :n].gather(1, order)
            position = torch.cat([ours, position[:, n:]], 1)
        goal = position
        if tables.map.charge is not None:
            march = torch.tensor(tables.map.charge, device=tables.device) * POINT
            theirs = march.expand_as(position[:, n:])
            goal = torch.cat([position[:, :n], theirs], 1)
        return position, goal


def _owners(groups: tuple[Group, ...], *, agents: bool) -> list[int]:
    """Returns the group of each agent, or of each enemy."""
    return [
        number
        for number, group in enumerate(groups)
        for _ in (group.agents if agents else group.enemies)
    ]
