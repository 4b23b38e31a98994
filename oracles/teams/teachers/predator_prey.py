"""The teacher of Predator-Prey, which hunts one prey at a time."""

import torch
from torch import Tensor

from games.engine.env import TimeStep
from games.environments.predator_prey.env import PredatorPrey
from games.environments.predator_prey.tables import CATCH, MOVES, STAY

_REST = 0.3  # weight of the distances of those that are not among the two nearest
_BEND = 0.1  # weight of the longer axis: paths that keep both ways open are better


class Pack:
    """A teacher: all predators hunt one prey, the one that two reach soonest.

    Predators walk towards it around the others, and wait beside it. A predator catches
    exactly if another one is next to the same prey and catches too, so no catch is ever
    lost: prey do not walk before catches are settled.

    Which prey they hunt is one fact about the whole board, so an imitator has to be
    told, and can be told in a message. Better plans teach less: a pair of predators
    with perfect foresight (value iteration) earns 60.0 of 60 where the pack earns 50,
    but teams that imitate it hardly talk.
    """

    def __init__(self, env: PredatorPrey) -> None:
        """Tabulates the board of `env`."""
        self._layout, self._far = env.layout, env.config.grid - 1
        self._num_agents = env.config.num_predators
        self._goal, self._steps, self._way = board(env.config.grid, env.device)

    def __call__(self, timestep: TimeStep) -> Tensor:
        """Returns the actions of all predators.

        Args:
          timestep: B worlds; only `state` [B,S] is read.

        Returns:
          Actions `[B,N]` long, always available ones.
        """
        cells = self._cells(timestep.state)
        predators, prey = cells[: self._num_agents], cells[self._num_agents :]
        steps = self._steps[predators[:, None], prey]  # [N,Q,B]
        beside = steps == 1
        catching = (beside & (beside.sum(0) >= 2)).any(1)
        near = steps.sort(0).values.float()
        cost = near[:2].sum(0) + _REST * near[2:].sum(0)
        hunted = prey.gather(0, cost.argmin(0, keepdim=True))  # [1,B]
        # Where each action leads if nobody else moves: [N,5,B].
        goal = self._goal[predators].transpose(1, 2)
        taken = goal[:, :, None] == cells
        # Its own cell is free to stay in; a move that a wall turns into staying is not.
        taken[range(self._num_agents), STAY, range(self._num_agents)] = False
        way = self._way[goal, hunted].masked_fill(taken.any(2), torch.inf)
        return torch.where(catching, CATCH, way.argmin(1)).t()

    def _cells(self, state: Tensor) -> Tensor:
        """Returns cells `[N+Q,B]`, row by row; grid ** 2 for prey that are gone."""
        rows = (state[:, self._layout.rows] * self._far).round().long().t()
        columns = (state[:, self._layout.columns] * self._far).round().long().t()
        cells = rows * self._layout.grid + columns
        return torch.where(rows < 0, len(self._goal), cells).contiguous()


def board(grid: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Returns tables of the empty board: moves, steps and lengths of ways.

    Args:
      grid: rows and columns; C = grid ** 2 cells, counted row by row.
      device: where the tensors live.

    Returns:
      `[C,5]` long, the cell that up, down, left, right, stay lead to; `[C+1,C+1]` long,
      the steps between two cells; and `[C+1,C+1]`, the same with a little more for a
      long straight way. Cell C is off the board and farther from all than any other.
    """
    cell = torch.arange(grid**2, device=device)
    row, column = cell // grid, cell % grid
    goals = []
    for down, right in (*MOVES, (0, 0)):
        to_row, to_column = row + down, column + right
        inside = (to_row >= 0) & (to_row < grid) & (to_column >= 0)
        inside &= to_column < grid
        goals.append(torch.where(inside, to_row * grid + to_column, cell))
    height = (row[:, None] - row).abs()
    width = (column[:, None] - column).abs()
    steps = torch.nn.functional.pad(height + width, (0, 1, 0, 1), value=2 * grid)
    longer = torch.nn.functional.pad(torch.maximum(height, width), (0, 1, 0, 1))
    return torch.stack(goals, 1), steps, steps + _BEND * longer
