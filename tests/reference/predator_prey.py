"""Predator-Prey, one world in plain Python: slow, and written from the rules.

The rules (4-neighbour capture, everything blocks, prey always walk):

1. Predators move one by one in random order; a move into a wall or an occupied cell
   is no move.
2. Prey take turns one by one in random order. A prey beside two or more predators that
   catch is removed; any other walks to a random free neighbour cell, if there is one.
3. +10 for each prey; p for each catching predator that helped to capture nothing (or,
   as an option, for each prey beside exactly one catching predator).

Chance comes in as uniform numbers in [0, 1):

* `start` uses one number for each entity, predators first: it takes the
  floor(u * count)-th of the cells that are still free, listed row by row.
* `play` uses noise[0] for the order of the predators and noise[1] for that of the
  prey: the floor(u * n!)-th permutation in lexicographic order; and noise[2 + k] for
  the prey whose turn comes k-th, gone or not: it walks to
  free[floor(12 * u) % len(free)], with free listed in the order up, down, left, right.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1))  # up, down, left, right
CATCH = 5

Cell = tuple[int, int]


@dataclass
class World:
    """One game; a prey that was caught is None, as is an action not yet taken."""

    predators: list[Cell]
    prey: list[Cell | None]
    last_action: list[int | None]
    time: int = 0


@dataclass
class Paid:
    """What a step paid, and whether it ended the game."""

    reward: float
    done: bool
    success: bool


def distance(one: Cell, other: Cell) -> int:
    """Steps from one cell to another if nothing is in the way."""
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


class Reference:
    """The game, with the rules of a `PredatorPreyConfig`."""

    def __init__(self, config):
        """Takes the rules; permutations are listed once."""
        self.config = config
        self.predator_orders = list(itertools.permutations(range(config.num_predators)))
        self.prey_orders = list(itertools.permutations(range(config.num_prey)))

    def start(self, noise: Sequence[float]) -> World:
        """Puts everybody on a random cell of its own."""
        config = self.config
        side = range(config.grid)
        free = [(row, column) for row in side for column in side]
        cells = [free.pop(int(u * len(free))) for u in noise]
        n = config.num_predators
        return World(cells[:n], cells[n:], [None] * n)

    def play(self, world: World, action: list[int], noise: Sequence[float]) -> Paid:
        """Plays one step and changes `world`."""
        config = self.config
        orders = self.predator_orders
        for i in orders[int(noise[0] * len(orders))]:
            if action[i] < len(MOVES):
                target = self.neighbour(world.predators[i], action[i])
                if self.is_free(world, target):
                    world.predators[i] = target
        captures, unlucky_prey = 0, 0
        losing = {i for i in range(config.num_predators) if action[i] == CATCH}
        catching = sorted(losing)
        orders = self.prey_orders
        for turn, j in enumerate(orders[int(noise[1] * len(orders))]):
            cell = world.prey[j]
            if cell is None:
                continue
            holders = [i for i in catching if distance(world.predators[i], cell) == 1]
            if len(holders) >= 2:
                world.prey[j] = None
                captures += 1
                losing.difference_update(holders)
                continue
            unlucky_prey += len(holders)
            around = [self.neighbour(cell, move) for move in range(len(MOVES))]
            free = [target for target in around if self.is_free(world, target)]
            if free:
                world.prey[j] = free[int(12 * noise[2 + turn]) % len(free)]
        world.last_action = list(action)
        world.time += 1
        charged = len(losing) if config.punish_per == "action" else unlucky_prey
        success = all(cell is None for cell in world.prey)
        return Paid(
            reward=config.catch_reward * captures + config.punishment * charged,
            done=success or world.time >= config.episode_limit,
            success=success,
        )

    def neighbour(self, cell: Cell, move: int) -> Cell:
        """The cell one move away, on the board or not."""
        return cell[0] + MOVES[move][0], cell[1] + MOVES[move][1]

    def is_free(self, world: World, cell: Cell) -> bool:
        """Whether a cell is on the board and nobody is there."""
        on_board = 0 <= cell[0] < self.config.grid and 0 <= cell[1] < self.config.grid
        return on_board and cell not in world.predators and cell not in world.prey

    def available(self, world: World, i: int) -> list[bool]:
        """The actions that agent i may take."""
        beside = any(
            cell is not None and distance(world.predators[i], cell) == 1
            for cell in world.prey
        )
        return [True] * CATCH + [beside or not self.config.mask_catch]

    def observation(self, world: World, i: int) -> list[float]:
        """What agent i sees."""
        config = self.config
        row, column = world.predators[i]
        reach = range(-(config.view // 2), config.view // 2 + 1)
        view = [(row + down, column + right) for down in reach for right in reach]
        obs = [float(cell in world.prey) for cell in view]
        obs += [float(cell in world.predators) for cell in view]
        obs += [float(agent == i) for agent in range(config.num_predators)]
        if config.obs_position:
            obs += [float(line == row) for line in range(config.grid)]
            obs += [float(line == column) for line in range(config.grid)]
        return obs + [float(world.last_action[i] == a) for a in range(CATCH + 1)]

    def everything(self, world: World) -> list[float]:
        """The state for critics and teachers."""
        config = self.config
        far, limit = config.grid - 1, config.episode_limit
        board = [(r, c) for r in range(config.grid) for c in range(config.grid)]
        entities = [*world.predators, *world.prey]
        state = [float(cell in world.prey) for cell in board]
        for predator in world.predators:
            state += [float(cell == predator) for cell in board]
        state.append(world.time / limit)
        state += [-1.0 if cell is None else cell[0] / far for cell in entities]
        state += [-1.0 if cell is None else cell[1] / far for cell in entities]
        steps = [
            math.inf if cell is None else distance(predator, cell)
            for predator in world.predators
            for cell in entities
        ]
        state += [min(step / (2 * far), 1.0) for step in steps]
        return state + [float(step == 1) for step in steps]
