"""A teacher for Traffic Junction: drives with full information and never collides.

Everybody gives gas, unless that leads into a car that stands, or into a cell that a car
with priority enters: settled again and again, as who brakes may stop who follows.
"""

import torch
from torch import Tensor

from games.env import TimeStep
from games.traffic_junction import BRAKE, GAS, TrafficJunction

_QUEUE = 6  # cars of a queue that are looked through for its end
_SETTLED = 12  # rounds; queues that stop one another are shorter


class PressedFirst:
    """Cars that yield by place, unless the queue behind them reaches an entry.

    The next arrival hits who stands at an entry, so queues that reach back to one go
    first; else, of two that want a cell, the one on the lower cell (row by row) goes.
    Where a car turns next, whether it stands for another, and how long the queue behind
    it is no car sees of another: an imitator has to be told.
    """

    def __init__(self, env: TrafficJunction) -> None:
        """Takes the routes of `env`."""
        self._layout, self._tables = env.layout, env.tables
        self._slot = torch.arange(env.spec.num_agents, device=env.device)

    def __call__(self, timestep: TimeStep) -> Tensor:
        """Everybody's action.

        Args:
          timestep: what the environment shows; only `state` [B,S] is read.

        Returns:
          `[B,N]` long.
        """
        layout, tables, state = self._layout, self._tables, timestep.state
        route = (state[:, layout.route] * layout.num_routes).round().long()
        progress = (state[:, layout.progress] * layout.longest).round().long()
        active = state[:, layout.active] > 0
        place = torch.where(active, tables.first[route] + progress, 0)
        following = tables.following[place]
        # Nobody meets the idle, nor a car that leaves the map: cells of their own.
        here = torch.where(active, tables.cell[2 * place], -1 - self._slot)
        there = torch.where(following > 0, tables.cell[2 * following], -1 - self._slot)
        pressed = self._tail(here, there, progress) == 0
        rank = torch.where(pressed, here - tables.num_cells, here)
        yields = rank[:, :, None] > rank[:, None, :]  # [B,i,j]: j goes before i
        others = self._slot[:, None] != self._slot
        going = active
        for _ in range(_SETTLED):
            goal = torch.where(going, there, here)
            meet = (goal[:, :, None] == goal[:, None, :]) & others
            going = going & ~(meet & (yields | ~going[:, None, :])).any(2)
        return torch.where(going | ~active, GAS, BRAKE)

    def _tail(self, here: Tensor, there: Tensor, progress: Tensor) -> Tensor:
        """Moves from its entry to the last car of the queue behind each, `[B,N]`."""
        queues = there[:, :, None] == here[:, None, :]  # [B,i,j]: i is right behind j
        tail = progress
        for _ in range(_QUEUE):
            behind = torch.where(queues, tail[:, :, None], self._layout.longest)
            tail = torch.minimum(tail, behind.amin(1))
        return tail
