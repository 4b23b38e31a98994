"""Predator-Prey: predators that see 3x3 cells must catch walking prey together.

One step of the world, in this order:

1. Predators move one by one, in random order. A move off the board or into an
   occupied cell is no move. Predators that stay or catch stand still.
2. Prey take their turns one by one, in random order. A prey next to two or more
   catching predators (up, down, left, right) is removed; one catch counts for every
   adjacent prey. Any other prey walks to a free neighbour cell, drawn uniformly, and
   stands still only where there is none.

The team is paid `catch_reward` for a prey and `punishment` for a losing catch. The
game ends when no prey is left or at the step limit.

How uniform numbers u in [0, 1) become chance (the tests' reference reads them alike):

* start: entity k (predators first) takes the floor(u_k * left)-th of the cells that
  are still free, counted row by row;
* step: u_0 and u_1 pick the order of the predators and of the prey, the
  floor(u * n!)-th permutation in lexicographic order; the prey whose turn comes k-th
  takes free[floor(12 * u_{2+k}) mod len(free)], free in the order up, down, left,
  right. Twelve, because it is a multiple of 1, 2, 3 and 4: the draw stays uniform.

For speed, positions are cell numbers `row * 2 * grid + column`: the difference of two
such numbers tells rows and columns apart, so all that depends on a pair of entities
is one look-up in a table (`games.environments.predator_prey.tables`).
"""

from typing import NamedTuple

import torch
from torch import Tensor

from games.engine.env import Observation, Signal
from games.engine.spec import EnvSpec
from games.environments.predator_prey.config import PredatorPreyConfig
from games.environments.predator_prey.tables import CATCH, NUM_ACTIONS, PICKS, Tables


class PredatorPreyState(NamedTuple):
    """B worlds of Predator-Prey."""

    cells: Tensor  # [B,N+Q] int32  row * 2 * grid + column; predators, then prey
    last_action: Tensor  # [B,N] int32  NUM_ACTIONS before the first step
    time: Tensor  # [B]     int32  steps taken


class PredatorPrey:
    """Predator-Prey as a `games.engine.env.CommEnv`.

    `obs` is, in this order: prey in view, predators in view (the agent itself in the
    middle included), agent number, row, column, last action (zeros before the first
    step); all zeros and ones. `state` is laid out as `layout` says.

    Attributes:
      config: the rules.
      spec: the sizes.
      device: where all tensors live.
      layout: the places of things in `state`.
    """

    def __init__(
        self,
        config: PredatorPreyConfig | None = None,
        *,
        device: torch.device | str = "cpu",
    ) -> None:
        """Builds the tables of `config` on `device`."""
        self.config = config = config or PredatorPreyConfig()
        self.device = torch.device(device)
        self._tables = Tables.build(config, self.device)
        self.layout = self._tables.layout
        self.spec = EnvSpec(
            name="predator_prey",
            num_agents=config.num_predators,
            obs_size=self._tables.obs_rows.shape[1],
            state_size=self.layout.size,
            num_actions=NUM_ACTIONS,
            episode_limit=config.episode_limit,
            reset_noise=config.num_predators + config.num_prey,
            step_noise=2 + config.num_prey,
            least_reward=config.punishment * config.most_losing,
        )

    def reset(self, noise: Tensor) -> PredatorPreyState:
        """Starts B worlds from `noise` [B, N+Q]: each entity on a cell of its own."""
        # Ranks among the free cells become cells from the back: a rank at or above
        # that of an earlier entity moves up by the cell this entity took.
        cells = (noise * self._tables.free_cells).int().t().contiguous()
        for k in range(cells.shape[0] - 2, -1, -1):
            cells[k + 1 :] += cells[k + 1 :] >= cells[k]
        batch, num_agents = noise.shape[0], self.spec.num_agents
        return PredatorPreyState(
            _look_up(self._tables.number, cells.t().contiguous()),
            self._tables.no_action.expand(batch, num_agents),
            self._tables.time_zero.expand(batch),
        )

    def transition(
        self, state: PredatorPreyState, action: Tensor, noise: Tensor
    ) -> tuple[PredatorPreyState, Signal]:
        """Plays one step.

        Args:
          state: B worlds.
          action: `[B,N]` long: 0..3 = up, down, left, right; 4 = stay; 5 = catch.
          noise: `[B, 2+Q]` uniform in [0, 1).

        Returns:
          The worlds after the step, and what it paid.
        """
        config, num_agents = self.config, self.spec.num_agents
        action = action.int()
        # Worlds run along the last axis in here: each entity is a contiguous row.
        cells = state.cells.t().contiguous()
        predators, prey = cells[:num_agents], cells[num_agents:]
        # Predators that catch stand still and prey have not walked yet, so catches can
        # be settled on the positions before the step.
        caught, reward = self._catch(predators, prey, action.t() == CATCH)
        goal = _look_up(
            self._tables.goal, state.cells[:, :num_agents] * NUM_ACTIONS + action
        )
        predators = self._move_predators(predators, prey, goal.t(), noise[:, 0])
        prey = self._walk(predators, prey, caught, noise[:, 1], noise[:, 2:])
        cells, time = torch.cat([predators, prey]), state.time + 1
        success = (prey == self._tables.gone).all(0)
        return (
            PredatorPreyState(cells.t().contiguous(), action, time),
            Signal(
                reward=reward,
                agent_reward=reward[:, None].expand(-1, num_agents),
                done=success | (time >= config.episode_limit),
                success=success,
            ),
        )

    def observe(self, state: PredatorPreyState) -> Observation:
        """Returns what every agent sees in its view, and the state for critics."""
        tables, num_agents = self._tables, self.spec.num_agents
        cells, batch = state.cells.contiguous(), state.cells.shape[0]
        predators = cells[:, :num_agents]
        pair = (cells + tables.kind)[:, None, :] - predators[:, :, None]
        adjacent = _look_up(tables.adjacent, pair)  # [B,N,N+Q] float
        row = predators * (NUM_ACTIONS + 1) + state.last_action + tables.obs_base
        obs = tables.obs_rows.index_select(0, row.view(-1))
        obs = obs.view(batch, num_agents, -1)
        obs.scatter_(2, _look_up(tables.seen, pair), 1.0)
        available = tables.always.expand(batch, num_agents, -1)
        if self.config.mask_catch:
            near = (adjacent.view(-1, adjacent.shape[2]) @ tables.is_prey) > 0
            available = near.view(batch, num_agents, 1) | tables.always
        return Observation(
            obs=obs,
            state=self._show_all(state, cells, pair, adjacent),
            available=available,
            alive=tables.everyone.expand(batch, num_agents),
            fresh=(state.time == 0)[:, None].expand(batch, num_agents),
            links=tables.links.expand(batch, num_agents, num_agents),
        )

    def _show_all(
        self, state: PredatorPreyState, cells: Tensor, pair: Tensor, adjacent: Tensor
    ) -> Tensor:
        """Returns the state `[B,S]` as `layout` describes it."""
        tables, batch = self._tables, cells.shape[0]
        # A prey that is gone marks the column of the time, which is then overwritten.
        maps = torch.zeros(batch, self.layout.time.stop, device=self.device)
        maps.scatter_(1, _look_up(tables.mark, cells + tables.mark_base), 1.0)
        maps[:, -1] = state.time / self.config.episode_limit
        return torch.cat(
            [
                maps,
                _look_up(tables.row, cells),
                _look_up(tables.column, cells),
                _look_up(tables.distance, pair).view(batch, -1),
                adjacent.view(batch, -1),
            ],
            1,
        )

    def _catch(
        self, predators: Tensor, prey: Tensor, catching: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Returns which prey are caught `[Q,B]` bool, and the team's reward `[B]`."""
        config = self.config
        holds = self._tables.holds.index_select(
            0, (prey - (predators - self._tables.shift)[:, None]).view(-1)
        ).view(len(predators), *prey.shape)
        holds = holds & catching[:, None]
        holders = holds.sum(0)
        caught = holders >= 2
        reward = config.catch_reward * caught.sum(0)
        if config.punishment == 0:
            return caught, reward
        if config.punish_per == "prey":
            losing = holders == 1
        else:
            losing = catching & ~(holds & caught).any(1)
        return caught, reward + config.punishment * losing.sum(0)

    def _move_predators(
        self, predators: Tensor, prey: Tensor, goal: Tensor, noise: Tensor
    ) -> Tensor:
        """Returns predators `[N,B]` after they moved to `goal` [N,B], one by one."""
        order = _draw(self._tables.predator_orders, noise)
        goal = goal.gather(0, order)
        taken = torch.cat([predators.gather(0, order), prey])
        for k, wanted in enumerate(goal):
            blocked = (taken == wanted).any(0)
            taken[k] = torch.where(blocked, taken[k], wanted)
        return torch.empty_like(predators).scatter_(0, order, taken[: len(order)])

    def _walk(
        self,
        predators: Tensor,
        prey: Tensor,
        caught: Tensor,
        order_noise: Tensor,
        pick_noise: Tensor,
    ) -> Tensor:
        """Returns prey `[Q,B]` after all turns; caught prey leave the board at theirs.

        `code` is, for each prey, 12 * (a bit for each blocked direction) + its draw:
        the index of its step in a table.
        """
        tables = self._tables
        order = _draw(tables.prey_orders, order_noise)
        old = prey.gather(0, order)
        new = torch.where(caught, tables.gone, prey).gather(0, order)
        # Each prey is blocked by walls, predators, those who have not had their turn
        # (`turns` hides the others) and, in the loop, by those who have.
        others = torch.cat([predators, old])[:, None] - old
        blocks = _look_up(tables.blocks, others.add_(tables.turns))
        code = blocks.sum(0, dtype=torch.int32)
        code += _look_up(tables.walls, new)
        code += (pick_noise * PICKS).int().t()
        old -= tables.shift
        for k in range(len(old)):
            new[k] += tables.stride.index_select(0, code[k])
            if k + 1 < len(old):
                code[k + 1 :] += _look_up(tables.blocks, new[k] - old[k + 1 :])
        return torch.empty_like(prey).scatter_(0, order, new)


def _look_up(table: Tensor, index: Tensor) -> Tensor:
    """Returns `table[index]`, flat; index_select is three times as fast as indexing."""
    return table.index_select(0, index.reshape(-1)).view(index.shape)


def _draw(orders: Tensor, noise: Tensor) -> Tensor:
    """Returns the floor(u * n!)-th rows of `orders` [n!,n] as columns, `[n,B]` long."""
    return orders.index_select(0, (noise * len(orders)).int()).t()
