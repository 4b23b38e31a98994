"""The look-up tables that make `games.environments.predator_prey.env` fast."""

import itertools
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import one_hot

if TYPE_CHECKING:
    from games.environments.predator_prey.config import PredatorPreyConfig

MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1))  # up, down, left, right: (row, column)
STAY, CATCH, NUM_ACTIONS = 4, 5, 6
PICKS = 12  # a multiple of 1, 2, 3 and 4: draws among free directions stay uniform
_NOWHERE = 16  # the code of a prey that has left the board and does not move


class StateLayout(NamedTuple):
    """The places of things in the last axis of `state`.

    An entity is a predator or a prey, predators before prey; E = N + Q; a board has
    grid * grid cells, row by row.

    Attributes:
      prey_map: `[cells]`, 1 where a prey is.
      predator_maps: `[N, cells]`, 1 where that predator is.
      time: `[1]`, steps taken, divided by the limit.
      rows, columns: `[E]`, 0 to 1 across the board; -1 for a prey that was caught.
      distance: `[N, E]`, steps without obstacles, divided by the longest way; 1 if
        caught.
      adjacent: `[N, E]`, 1 where two entities are one step apart.
      grid: rows and columns of the board.
      num_predators: N.
      size: S.
    """

    prey_map: slice
    predator_maps: slice
    time: slice
    rows: slice
    columns: slice
    distance: slice
    adjacent: slice
    grid: int
    num_predators: int
    size: int

    @classmethod
    def of(cls, config: "PredatorPreyConfig") -> "StateLayout":
        """Lays out the state of `config`."""
        board, agents = config.grid**2, config.num_predators
        entities = agents + config.num_prey
        sizes = [board, agents * board, 1, entities, entities]
        sizes += [agents * entities, agents * entities]
        ends = list(itertools.accumulate(sizes))
        prey_map, predator_maps, time, rows, columns, distance, adjacent = (
            slice(end - size, end) for size, end in zip(sizes, ends, strict=True)
        )
        return cls(
            prey_map=prey_map,
            predator_maps=predator_maps,
            time=time,
            rows=rows,
            columns=columns,
            distance=distance,
            adjacent=adjacent,
            grid=config.grid,
            num_predators=agents,
            size=ends[-1],
        )


class Tables(NamedTuple):
    """Constants on the environment's device.

    A *number* is row * 2 * grid + column, `gone` for a caught prey; a *difference* is
    that of two numbers, plus `shift` so that it can be an index.

    Attributes:
      layout: the parts of `state`.
      gone: `[]` the number of prey that were caught.
      shift: added to differences.
      free_cells: `[E]` how many cells are left when an entity is placed.
      number: cell, row by row -> its number.
      goal: number * 6 + action -> the number of the cell wanted, walls considered.
      predator_orders, prey_orders: `[n!, n]` permutations in lexicographic order.
      walls: number -> 12 * bits of the directions that walls block.
      blocks: difference -> 12 * bit of the direction that the other one blocks.
      turns: `[E,Q,1]` `shift`, or what hides an entity from a prey that moves later.
      stride: 12 * blocked directions + draw -> the difference that a prey walks.
      holds: difference -> bool, whether two entities are one step apart.
      kind: `[E]` `shift`, and what tells prey from predators in the next three.
      seen: kind difference -> column of the observation.
      adjacent, distance: kind difference -> part of the state.
      is_prey: `[E]` 1 for prey.
      obs_rows: (agent, number, last action) -> all of an observation but the view.
      obs_base: `[N]` where the rows of an agent begin.
      mark: (map, number) -> column of the state.
      mark_base: `[E]` where the map of an entity begins.
      row, column: number -> coordinate.
      no_action, time_zero, always, everyone, links: tensors that never change.
    """

    layout: StateLayout
    gone: Tensor
    shift: int
    free_cells: Tensor
    number: Tensor
    goal: Tensor
    predator_orders: Tensor
    prey_orders: Tensor
    walls: Tensor
    blocks: Tensor
    turns: Tensor
    stride: Tensor
    holds: Tensor
    kind: Tensor
    seen: Tensor
    adjacent: Tensor
    distance: Tensor
    is_prey: Tensor
    obs_rows: Tensor
    obs_base: Tensor
    mark: Tensor
    mark_base: Tensor
    row: Tensor
    column: Tensor
    no_action: Tensor
    time_zero: Tensor
    always: Tensor
    everyone: Tensor
    links: Tensor

    @classmethod
    def build(cls, config: "PredatorPreyConfig", device: torch.device) -> "Tables":
        """Computes the tables of `config` on `device`."""
        layout = StateLayout.of(config)
        parts: dict[str, Tensor] = {
            **_constants(config),
            **_numbers(config, layout),
            **_differences(config),
            "stride": _strides(config),
            "obs_rows": _obs_rows(config),
        }
        on_device = {name: table.to(device) for name, table in parts.items()}
        return cls(layout=layout, shift=_gone(config), **on_device)


def _gone(config: "PredatorPreyConfig") -> int:
    """Returns a number so far from the board that no cell of it is a neighbour."""
    return 4 * config.grid**2


def _int(values: object) -> Tensor:
    return torch.as_tensor(values, dtype=torch.int32)


def _constants(config: "PredatorPreyConfig") -> dict[str, Tensor]:
    agents, prey, grid = config.num_predators, config.num_prey, config.grid
    entities, gone = agents + prey, _gone(config)
    always = torch.ones(1, 1, NUM_ACTIONS, dtype=torch.bool)
    always[..., CATCH] = not config.mask_catch
    # Prey k is blocked by predators and by the prey that move after it.
    entity, turn = torch.arange(entities)[:, None], torch.arange(prey)
    visible = (entity < agents) | (entity - agents > turn)
    is_prey = torch.arange(entities) >= agents
    maps = torch.cat([torch.arange(agents) + 1, torch.zeros(prey)])
    per_agent = 2 * grid**2 * (NUM_ACTIONS + 1)
    return {
        "gone": _int(gone),
        "free_cells": grid**2 - torch.arange(entities, dtype=torch.float32),
        "predator_orders": _orders(agents),
        "prey_orders": _orders(prey),
        "turns": _int(torch.where(visible, gone, 3 * gone + 1))[:, :, None],
        "kind": _int(gone + is_prey * (2 * gone + 1)),
        "is_prey": is_prey.float(),
        "obs_base": _int(torch.arange(agents) * per_agent),
        "mark_base": _int(maps * (gone + 1)),
        "no_action": _int([[NUM_ACTIONS]]),
        "time_zero": _int([0]),
        "always": always,
        "everyone": torch.ones(1, 1, dtype=torch.bool),
        "links": ~torch.eye(agents, dtype=torch.bool)[None],
    }


def _orders(count: int) -> Tensor:
    return torch.tensor(list(itertools.permutations(range(count))))


def _numbers(config: "PredatorPreyConfig", layout: StateLayout) -> dict[str, Tensor]:
    """Builds the tables that are indexed by one entity's number."""
    grid, gone = config.grid, _gone(config)
    number = torch.arange(gone + 1)
    row, column = number // (2 * grid), number % (2 * grid)
    real = (row < grid) & (column < grid)
    cell = torch.where(real, row * grid + column, 0)
    goal = number[:, None].repeat(1, NUM_ACTIONS)
    walls = torch.zeros_like(number)
    for action, (down, right) in enumerate(MOVES):
        to_row, to_column = row + down, column + right
        inside = (to_row >= 0) & (to_row < grid) & (to_column >= 0)
        inside &= to_column < grid
        goal[:, action] += torch.where(inside, down * 2 * grid + right, 0)
        walls += torch.where(inside, 0, PICKS << action)
    walls[gone] = PICKS * _NOWHERE
    # Map 0 shows prey; caught prey have no place on a map, but must mark some column.
    first = torch.arange(config.num_predators + 1)[:, None] * grid**2
    mark = torch.where(real, first + cell, layout.time.start)
    return {
        "number": _int(torch.arange(grid**2) + torch.arange(grid**2) // grid * grid),
        "goal": _int(goal.view(-1)),
        "walls": _int(walls),
        "mark": mark.view(-1),
        "row": torch.where(real, row / (grid - 1), -1.0),
        "column": torch.where(real, column / (grid - 1), -1.0),
    }


def _differences(config: "PredatorPreyConfig") -> dict[str, Tensor]:
    """Builds the tables that are indexed by the difference of two numbers."""
    grid, gone, view = config.grid, _gone(config), config.view
    difference = torch.arange(-gone, gone + 1)
    down = torch.div(difference + grid, 2 * grid, rounding_mode="floor")
    right = difference - down * 2 * grid
    real = (down.abs() < grid) & (right.abs() < grid)
    steps = down.abs() + right.abs()
    blocks = torch.zeros_like(difference)
    for action, move in enumerate(MOVES):
        here = real & (down == move[0]) & (right == move[1])
        blocks += torch.where(here, PICKS << action, 0)
    radius = view // 2
    inside = real & (down.abs() <= radius) & (right.abs() <= radius)
    place = (down + radius) * view + right + radius
    # What is out of sight marks the agent's own cell, which is marked anyway.
    own = view**2 + view**2 // 2
    seen_predator = torch.where(inside, view**2 + place, own)
    seen_prey = torch.where(inside, place, own)
    adjacent = real & (steps == 1)
    distance = torch.where(real, steps / (2 * (grid - 1)), 1.0)
    return {
        "blocks": _int(torch.cat([blocks, torch.zeros_like(blocks)])),
        "holds": adjacent,
        "seen": torch.cat([seen_predator, seen_prey]),
        "adjacent": adjacent.float().repeat(2),
        "distance": distance.repeat(2),
    }


def _strides(config: "PredatorPreyConfig") -> Tensor:
    """Builds `stride`: where a prey walks, by blocked directions and draw."""
    stride = torch.zeros(2 * _NOWHERE, PICKS, dtype=torch.int32)
    for blocked in range(_NOWHERE):
        free = [move for d, move in enumerate(MOVES) if not blocked >> d & 1]
        for pick in range(PICKS if free else 0):
            down, right = free[pick % len(free)]
            stride[blocked, pick] = down * 2 * config.grid + right
    return stride.view(-1)


def _obs_rows(config: "PredatorPreyConfig") -> Tensor:
    """Builds `obs_rows`, observations without the view: `[N * numbers * 7, O]`."""
    agents, grid, view = config.num_predators, config.grid, config.view
    agent, number, last = torch.meshgrid(
        torch.arange(agents),
        torch.arange(2 * grid**2),
        torch.arange(NUM_ACTIONS + 1),
        indexing="ij",
    )
    row, column = number // (2 * grid), number % (2 * grid)
    place = [one_hot(row, grid), one_hot(column, 2 * grid)[..., :grid]]
    seen = torch.zeros(*agent.shape, 2 * view**2, dtype=torch.long)
    seen[..., view**2 + view**2 // 2] = 1
    parts = [
        seen,
        one_hot(agent, agents),
        *(place if config.obs_position else []),
        one_hot(last, NUM_ACTIONS + 1)[..., :NUM_ACTIONS],
    ]
    return torch.cat(parts, -1).float().flatten(0, -2)
