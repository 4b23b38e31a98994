"""Teachers: scripted players with full information, to imitate in training.

A teacher reads positions from `TimeStep.state`, which no policy may see.
"""

import itertools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from games.env import TimeStep
from games.predator_prey import PredatorPrey
from games.predator_prey_tables import CATCH, MOVES

Teacher = Callable[[TimeStep], Tensor]  # shows -> action [B,N] long

_DISCOUNT = 0.4  # per step; low, so that one near prey outweighs several far ones
_SWEEPS = 40  # value iteration's error is below 0.4 ** sweeps
_NEVER = -10.0  # worth of two predators in one cell: worse than any other plan


class Hunter:
    """Predators that hunt in pairs, each pair with perfect foresight.

    A pair p, q that hunts one prey x on an empty board is a small Markov decision
    process, solved once by value iteration:

        V(p, q, x) = 1                              if both are next to x
        V(p, q, x) = max_{p', q'} G(p', q', x)      otherwise
        G(p', q', x) = discount * mean_{x'} V(p', q', x'),  x' a free neighbour of x

    so that V = E[discount ^ (steps until the catch)]. The team takes the joint move
    with the largest sum of G over all pairs and prey. A predator catches exactly if
    another one is next to the same prey and catches too, so no catch is ever lost:
    prey do not walk before catches are settled.
    """

    def __init__(self, env: PredatorPrey) -> None:
        """Solves the pair's problem on the board of `env`.

        Raises:
          ValueError: not 2 to 4 predators (joint moves are enumerated).
        """
        config = env.config
        if not 2 <= config.num_predators <= 4:
            raise ValueError(f"num_predators={config.num_predators}; allowed: 2..4")
        self._layout, self._far = env.layout, config.grid - 1
        self._num_agents = config.num_predators
        self._goal, self._steps = board(config.grid, env.device)
        worth = worth_of_moves(self._goal, self._steps, _DISCOUNT, _SWEEPS)
        same = torch.eye(len(worth), dtype=torch.bool, device=env.device)
        worth = worth.masked_fill(same[:, :, None], _NEVER)
        gone = torch.zeros_like(worth[:, :, :1])
        self._worth = torch.cat([worth, gone], 2).view(-1)

    def __call__(self, timestep: TimeStep) -> Tensor:
        """Everybody's action.

        Args:
          timestep: what the environment shows; only `state` [B,S] is read.

        Returns:
          `[B,N]` long, always available.
        """
        cells = self._cells(timestep.state)
        predators, prey = cells[: self._num_agents], cells[self._num_agents :]
        gone = len(self._goal)
        beside = self._steps[predators[:, None], prey] == 1  # [N,Q,B]
        held = beside.sum(0) >= 2
        catching = (beside & held).any(1)
        # Where each action leads if nobody else moves: [N,5,B]. A cell that another
        # one may leave counts as taken, for it may also be left too late.
        goal = self._goal[predators].transpose(1, 2)
        taken = (goal[:, :, None] == cells).any(2) | catching[:, None]
        goal = torch.where(taken, predators[:, None], goal)
        plan = self._best(goal, torch.where(held, gone, prey))
        return torch.where(catching, CATCH, plan).t()

    def _cells(self, state: Tensor) -> Tensor:
        """Cells `[N+Q,B]`, row by row; grid ** 2 for prey that are gone."""
        rows = (state[:, self._layout.rows] * self._far).round().long().t()
        columns = (state[:, self._layout.columns] * self._far).round().long().t()
        cells = rows * self._layout.grid + columns
        return torch.where(rows < 0, len(self._goal), cells).contiguous()

    def _best(self, goal: Tensor, prey: Tensor) -> Tensor:
        """The joint action of most worth, `[N,B]`, for goals [N,5,B] and prey [Q,B]."""
        agents, actions, batch = goal.shape
        board_size = len(self._goal)
        total = torch.zeros(*[actions] * agents, batch, device=goal.device)
        for i, k in itertools.combinations(range(agents), 2):
            pair = goal[i][:, None] * board_size + goal[k]  # [5,5,B]
            index = pair[:, :, None] * (board_size + 1) + prey  # [5,5,Q,B]
            worth = self._worth.index_select(0, index.view(-1)).view(index.shape).sum(2)
            shape = [actions if n in (i, k) else 1 for n in range(agents)]
            total += worth.view(*shape, batch)
        joint = total.view(-1, batch).argmax(0)
        powers = [actions ** (agents - 1 - n) for n in range(agents)]
        return torch.stack([joint // power % actions for power in powers])


def board(grid: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """The empty board.

    Args:
      grid: rows and columns; C = grid ** 2 cells, counted row by row.
      device: where the tensors live.

    Returns:
      `[C, 5]` long, the cell that up, down, left, right, stay lead to, and
      `[C+1, C+1]` long, the steps between two cells; cell C is off the board, far
      from all.
    """
    cell = torch.arange(grid**2, device=device)
    row, column = cell // grid, cell % grid
    goals = []
    for down, right in (*MOVES, (0, 0)):
        to_row, to_column = row + down, column + right
        inside = (to_row >= 0) & (to_row < grid) & (to_column >= 0)
        inside &= to_column < grid
        goals.append(torch.where(inside, to_row * grid + to_column, cell))
    steps = (row[:, None] - row).abs() + (column[:, None] - column).abs()
    steps = torch.nn.functional.pad(steps, (0, 1, 0, 1), value=2 * grid)
    return torch.stack(goals, 1), steps


def worth_of_moves(goal: Tensor, steps: Tensor, discount: float, sweeps: int) -> Tensor:
    """Value iteration for two predators and one prey that walks at random.

    Args:
      goal: `[C,5]` long, where each action leads.
      steps: `[C+1,C+1]` long, distances.
      discount: worth of a catch one step later.
      sweeps: iterations.

    Returns:
      `[C,C,C]` G(p', q', x): the worth of having moved to p' and q' while the prey is
      still at x; 0 where two of them share a cell.
    """
    count = len(goal)
    cell = torch.arange(count, device=goal.device)
    p, q, x = cell[:, None, None], cell[:, None], cell
    clash = (p == q) | (p == x) | (q == x)
    beside = steps[:count, :count] == 1
    won = beside[:, None] & beside & ~clash
    walks = [goal[:, move] for move in range(len(MOVES))]
    free = [((to != cell) & (to != p) & (to != q)).float() for to in walks]
    ways = torch.stack(free).sum(0)
    value = won.float()
    for _ in range(sweeps):
        walked = torch.zeros_like(value)
        for to, may in zip(walks, free, strict=True):
            walked += may * value[:, :, to]
        worth = torch.where(ways > 0, walked / ways.clamp(min=1), value) * discount
        worth.masked_fill_(clash, 0.0)
        best = worth[goal].amax(1)
        best = best[:, goal].amax(2)
        value = torch.where(won, 1.0, best.masked_fill(clash, 0.0))
    return worth


# Each factory takes the environment of its own name, hence Any.
TEACHERS: dict[str, Callable[[Any], Teacher]] = {"predator_prey": Hunter}
