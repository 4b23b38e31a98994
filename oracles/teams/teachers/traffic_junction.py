"""The teacher of Traffic Junction, and the guide that says whom each car should hear.

Cars give gas, unless that leads into a car that stands, or into a cell that a car with
priority enters. This is repeated, as a car that brakes may stop the car behind it.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from games.engine.env import TimeStep
from games.environments.traffic_junction.env import BRAKE, GAS, TrafficJunction

_QUEUE = 6  # most cars of a queue that are considered
_SETTLED = 12  # rounds; more than the queues that stop one another are long


class _Cars(NamedTuple):
    """What the state says of all cars, `[B,N]`."""

    active: Tensor  # bool
    here: Tensor  # cell it is on
    there: Tensor  # cell it goes to by gas
    progress: Tensor  # moves made on its route


def _read(env: TrafficJunction, timestep: TimeStep) -> _Cars:
    layout, tables, state = env.layout, env.tables, timestep.state
    slot = torch.arange(env.spec.num_agents, device=env.device)
    route = (state[..., layout.route] * layout.num_routes).round().long()
    progress = (state[..., layout.progress] * layout.longest).round().long()
    active = state[..., layout.active] > 0
    place = torch.where(active, tables.first[route] + progress, 0)
    following = tables.following[place]
    # Idle slots and cars that leave the map meet no car: they get cells of their own.
    here = torch.where(active, tables.cell[2 * place], -1 - slot)
    there = torch.where(following > 0, tables.cell[2 * following], -1 - slot)
    return _Cars(active, here, there, progress)


class Rivals:
    """A guide: each car should hear the car that decides what its next step leads to.

    That is another car that wants its next cell; else one that wants the next cell of
    the car ahead, which may therefore stand; else of the car ahead of that one, and so
    on; else the car ahead; else nobody. Which car goes first is left to the team. A car
    sees the cars next to it, but not where they turn, nor what the cars ahead meet.
    """

    def __init__(self, env: TrafficJunction) -> None:
        """Takes the routes of `env`."""
        self._env = env
        self._others = ~torch.eye(
            env.spec.num_agents, dtype=torch.bool, device=env.device
        )

    def __call__(self, timestep: TimeStep) -> Tensor:
        """Returns the sender that every receiver should hear.

        Args:
          timestep: B worlds; only `state` [B,S] is read.

        Returns:
          Senders `[B,N]` long, N for nobody; of equal ones the lowest slot.
        """
        _, here, there, _ = _read(self._env, timestep)
        rivals = (there[:, :, None] == there[:, None, :]) & self._others  # [B,j,i]
        ahead = (there[:, :, None] == here[:, None, :]) & self._others
        urgency, met = ahead.long(), rivals
        for far in range(_QUEUE, 0, -1):  # rivals matter less the farther ahead
            urgency = torch.where(met & (urgency <= 1), 1 + far, urgency)
            met = (ahead.float() @ met.float() > 0.0) & self._others
        most = urgency.max(2)
        return torch.where(most.values > 0, most.indices, here.shape[1])


class PressedFirst:
    """A teacher: cars yield by place, unless a queue behind reaches an entry.

    The next arrival hits a car that stands at an entry, so queues that reach back to
    one go first; else, of two that want a cell, the one on the lower cell (row by row)
    goes. A car does not see where another one turns next, whether it waits for a third,
    nor how long the queue behind it is: an imitator has to be told.
    """

    def __init__(self, env: TrafficJunction) -> None:
        """Takes the routes of `env`."""
        self._env = env
        self._slot = torch.arange(env.spec.num_agents, device=env.device)

    def __call__(self, timestep: TimeStep) -> Tensor:
        """Returns the actions of all cars.

        Args:
          timestep: B worlds; only `state` [B,S] is read.

        Returns:
          Actions `[B,N]` long.
        """
        active, here, there, progress = _read(self._env, timestep)
        pressed = self._tail(here, there, progress) == 0
        rank = torch.where(pressed, here - self._env.tables.num_cells, here)
        yields = rank[:, :, None] > rank[:, None, :]  # [B,i,j]: j goes before i
        others = self._slot[:, None] != self._slot
        going = active
        for _ in range(_SETTLED):
            goal = torch.where(going, there, here)
            meet = (goal[:, :, None] == goal[:, None, :]) & others
            going = going & ~(meet & (yields | ~going[:, None, :])).any(2)
        return torch.where(going | ~active, GAS, BRAKE)

    def _tail(self, here: Tensor, there: Tensor, progress: Tensor) -> Tensor:
        """Returns moves from the entry to the last car of the queue behind, `[B,N]`."""
        queues = there[:, :, None] == here[:, None, :]  # [B,i,j]: i is right behind j
        tail = progress
        for _ in range(_QUEUE):
            behind = torch.where(queues, tail[:, :, None], self._env.layout.longest)
            tail = torch.minimum(tail, behind.amin(1))
        return tail
