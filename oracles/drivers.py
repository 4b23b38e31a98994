"""A teacher for Traffic Junction: drives with full information and never collides.

Everybody gives gas, unless that leads into a car that stands, or into a cell that a car
with priority enters: settled again and again, as who brakes may stop who follows. Cars
at an entry go first (the next arrival would hit them), then those longest on the road.
"""

import torch
from torch import Tensor

from games.env import TimeStep
from games.traffic_junction import BRAKE, GAS, TrafficJunction

_SETTLED = 12  # rounds; queues that stop one another are shorter


class FirstComeFirstServed:
    """Cars that yield to whoever has been on the road for longer.

    Who yields depends on when both came and where they turn next, which no car sees of
    another, so an imitator has to be told; each needs no more than one word from those
    it may meet.
    """

    def __init__(self, env: TrafficJunction) -> None:
        """Takes the routes of `env`."""
        self._layout, self._tables = env.layout, env.tables
        self._limit, self._num_cars = env.spec.episode_limit, env.spec.num_agents
        self._slot = torch.arange(self._num_cars, device=env.device)

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
        here = torch.where(active, tables.cell[place], -1 - self._slot)
        there = torch.where(following > 0, tables.cell[following], -1 - self._slot)
        tau = (state[:, layout.tau] * self._limit).round()
        age = torch.where(progress == 0, self._limit, tau)
        rank = age * self._num_cars - self._slot  # the older, then the lower number
        after = rank[:, :, None] < rank[:, None, :]  # [B,i,j]: j goes before i
        itself = self._slot[:, None] == self._slot
        going = active
        for _ in range(_SETTLED):
            goal = torch.where(going, there, here)
            meet = (goal[:, :, None] == goal[:, None, :]) & ~itself
            going = going & ~(meet & (after | ~going[:, None, :])).any(2)
        return torch.where(going | ~active, GAS, BRAKE)
