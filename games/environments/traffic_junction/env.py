"""Traffic Junction: cars that see 3x3 cells drive fixed routes and must not collide.

One step of the world, in this order:

1. Each car on the road gives gas and goes to the next cell of its route, or brakes and
   stands. From the last cell, gas takes it off the map and frees its slot.
2. Cars arrive: for each entry in turn, unless all slots are taken, with probability
   `arrival` a random idle slot becomes a new car at the entry, on a random route from
   there; onto the entry cell even if a car stands on it.
3. Each car is paid `time_penalty` times the steps since it arrived, and
   `collision_penalty` while it shares its cell with another. Nobody is removed; to
   swap places is no collision.

No car is there at the start. The game ends at the step limit, and was a success if no
two cars ever met.

How uniform numbers u in [0, 1) become chance (the tests' reference reads them alike),
with N slots and E entries of K routes each: idle slots queue in the order of u_0 ..
u_{N-1} (ties either way), and new cars take them from the front; a car wants to arrive
at entry e if u_{N+e} < `arrival`, on the floor(K u_{N+E+e})-th route of the entry.

For speed, a car is one number (`games.environments.traffic_junction.tables`): whatever
depends on its route, how far it is on it and what it did last is a look-up.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from games.engine.env import Observation, Signal
from games.engine.spec import EnvSpec
from games.environments.traffic_junction.config import TrafficJunctionConfig
from games.environments.traffic_junction.tables import Tables

GAS, BRAKE, NUM_ACTIONS = 0, 1, 2


class TrafficJunctionState(NamedTuple):
    """B worlds of Traffic Junction; zeros in idle slots."""

    car: Tensor  # [B,N] long  2 * place + last action (GAS at first); 0 is idle
    tau: Tensor  # [B,N] float  steps since the car arrived; float, as rewards are
    failed: Tensor  # [B]   bool  two cars have met in this game
    time: Tensor  # [B]   float  steps taken


class TrafficJunction:
    """Traffic Junction as a `games.engine.env.CommEnv`.

    `obs` is, in this order: other cars in view (counts), row, column and the next moves
    (each one-hot, a fifth kind of move for none), moves left over the longest route,
    last action (1 for brake); zeros for idle slots. `state` is laid out as `layout`
    says.

    Attributes:
      config: the rules.
      spec: the sizes.
      device: where all tensors live.
      layout: the places of things in `state`.
      tables: the routes; teachers read them.
    """

    def __init__(
        self,
        config: TrafficJunctionConfig | None = None,
        *,
        device: torch.device | str = "cpu",
    ) -> None:
        """Builds the tables of `config` on `device`."""
        self.config = config = config or TrafficJunctionConfig()
        self.device = torch.device(device)
        self.tables = Tables.build(config, self.device)
        self.layout = self.tables.layout
        self._entries = len(self.tables.entry)
        self._routes = len(self.tables.first) // self._entries
        self.spec = EnvSpec(
            name="traffic_junction",
            num_agents=config.cars,
            obs_size=self.tables.obs_rows.shape[1],
            state_size=self.layout.size,
            num_actions=NUM_ACTIONS,
            episode_limit=config.limit,
            reset_noise=1,  # the start is always the same: this number is not read
            step_noise=config.cars + 2 * self._entries,
            least_reward=config.cars
            * (config.collision_penalty + config.limit * config.time_penalty),
        )

    def reset(self, noise: Tensor) -> TrafficJunctionState:
        """Starts B worlds without a car; of `noise` [B, 1] only B matters."""
        tables, batch = self.tables, len(noise)
        return TrafficJunctionState(
            car=tables.no_car.expand(batch, -1),
            tau=tables.no_time.expand(batch, self.spec.num_agents),
            failed=tables.never.expand(batch),
            time=tables.no_time.expand(batch),
        )

    def transition(
        self, state: TrafficJunctionState, action: Tensor, noise: Tensor
    ) -> tuple[TrafficJunctionState, Signal]:
        """Plays one step.

        Args:
          state: B worlds.
          action: `[B,N]` long: 0 = gas, 1 = brake; of no effect in idle slots.
          noise: `[B, N + 2E]` uniform in [0, 1).

        Returns:
          The worlds after the step, and what it paid.
        """
        config = self.config
        acts = torch.add(action, state.car, alpha=NUM_ACTIONS)
        car = self.tables.acted.take(acts)
        idle = car == 0
        tau = (state.tau + 1).masked_fill_(idle, 0)
        car = self._arrive(car, idle, noise)
        cell = self.tables.cell.take(car)
        met = self._count(cell).gather(1, cell) > 1
        failed, time = state.failed | met.any(1), state.time + 1
        paid = (tau * config.time_penalty).add_(met, alpha=config.collision_penalty)
        return (
            TrafficJunctionState(car, tau, failed, time),
            Signal(
                reward=paid.sum(1),
                agent_reward=paid,
                done=time >= config.limit,
                success=~failed,
            ),
        )

    def observe(self, state: TrafficJunctionState) -> Observation:
        """Returns what every car sees around it, and the state for critics."""
        tables, config = self.tables, self.config
        car, active = state.car, state.car > 0
        batch, num_cars = car.shape
        count = self._count(tables.cell.take(car))
        seen = torch.embedding(tables.around, car).view(batch, -1)
        obs = torch.embedding(tables.obs_rows, car)
        near = count.gather(1, seen).view(batch, num_cars, -1)
        obs[..., : config.view**2].add_(near)
        # Bytes multiply three times as fast as bools combine.
        here = active.view(torch.uint8)
        links = (here[:, :, None] * here[:, None, :]).mul_(tables.others)
        links = links.view(torch.bool)
        if config.comm_range is not None:
            for line in (tables.row, tables.column):
                at = line.take(car)
                links &= (at[:, :, None] - at[:, None, :]).abs() <= config.comm_range
        shown = torch.embedding(tables.state_rows, car).view(batch, -1)
        clocks = torch.cat([state.tau, state.time[:, None]], 1) / config.limit
        return Observation(
            obs=obs,
            state=torch.cat([shown, clocks], 1),
            available=tables.always.expand(batch, num_cars, NUM_ACTIONS),
            alive=active,
            fresh=active & (state.tau == 0),
            links=links,
        )

    def _arrive(self, car: Tensor, idle: Tensor, noise: Tensor) -> Tensor:
        """Returns cars `[B,N]` after arrivals in the slots that are `idle`."""
        n, e = self.spec.num_agents, self._entries
        tickets = torch.where(idle, noise[:, :n], 2.0)
        queue = tickets.topk(min(n, e), dim=1, largest=False).indices
        wanted = noise[:, n : n + e] < self.config.rate
        turn = wanted.cumsum(1) - 1  # cars that arrive before one that is wanted
        enters = wanted & (turn < idle.sum(1, keepdim=True))
        start = self.tables.arrived
        if self._routes > 1:
            route = (noise[:, n + e :] * self._routes).long() + self.tables.entry
            start = start.take(route)
        start = torch.where(enters, start, 0)
        # A car that does not enter adds 0 to some slot.
        return car.scatter_add(1, queue.gather(1, turn.clamp(0, n - 1)), start)

    def _count(self, cell: Tensor) -> Tensor:
        """Counts the cars on each cell, `[B, cells]`; below 1 on idle slots' cell."""
        count = self.tables.no_count.expand(len(cell), -1)
        return count.scatter_add(1, cell, self.tables.one.expand(cell.shape))
