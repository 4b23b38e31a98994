"""The look-up tables that make `games.environments.traffic_junction.env` fast."""

import itertools
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from games.environments.traffic_junction.maps import LEVELS, MOVES, Cell, Level, routes

if TYPE_CHECKING:
    from games.environments.traffic_junction.config import TrafficJunctionConfig

_NUM_SHOWN = len(MOVES) + 1  # a next move is a direction, or none after the last cell


class StateLayout(NamedTuple):
    """The places of things in the last axis of `state`; all zero for idle slots.

    Attributes:
      active: `[N]`, 1 where a car is.
      rows, columns: `[N]`, 0 to 1 across the map.
      route: `[N]`, number of the car's route, divided by `num_routes`.
      progress: `[N]`, moves made, divided by `longest`.
      remaining: `[N]`, moves left until the car is off the map, divided by `longest`.
      tau: `[N]`, steps since the car arrived, divided by the limit.
      time: `[1]`, steps taken, divided by the limit.
      num_routes: R.
      longest: cells of the longest route.
      size: S.
    """

    active: slice
    rows: slice
    columns: slice
    route: slice
    progress: slice
    remaining: slice
    tau: slice
    time: slice
    num_routes: int
    longest: int
    size: int

    @classmethod
    def of(cls, num_cars: int, ways: list[list[Cell]]) -> "StateLayout":
        """Lays out the state of `num_cars` slots on the routes `ways`."""
        end = 6 * num_cars  # what a place decides, car by car
        part = [slice(k, end, 6) for k in range(6)]
        return cls(
            active=part[0],
            rows=part[1],
            columns=part[2],
            route=part[3],
            progress=part[4],
            remaining=part[5],
            tau=slice(end, end + num_cars),
            time=slice(end + num_cars, end + num_cars + 1),
            num_routes=len(ways),
            longest=max(map(len, ways)),
            size=end + num_cars + 1,
        )


class Tables(NamedTuple):
    """Constants on the environment's device.

    A *place* is a cell of a route: all cells of route 0 in order, then those of route
    1, and so on, from 1 upwards; place 0 is idle. A *car* is 2 * place + last action,
    0 if idle. Cells are numbered on a map with a margin for the view. An idle slot is
    on cell 0 and sees cell 1: both are in the corner, where no car is nor looks.

    Attributes:
      layout: the parts of `state`.
      num_cells: cells of the map with its margin.
      first: `[R]` the first place of each route.
      arrived: `[R]` the car that arrives on each route.
      following: place -> the next one, 0 after the last.
      acted: 2 * car + action -> the car it becomes.
      cell: car -> cell.
      around: car -> the `view ** 2` cells in view.
      obs_rows: car -> observation but for the other cars.
      state_rows: car -> `[6]`, the first parts of `state` of one car.
      row, column: car -> coordinate.
      entry: `[E]` the first route of each entry.
      others: `[N,N]` bytes, 0 on the diagonal.
      no_count: `[1,cells]` cars on an empty map; -N on cell 0, so that idle slots,
        counted like cars, never count as a collision.
      no_car, no_time, one, never, always: tensors that never change.
    """

    layout: StateLayout
    num_cells: int
    first: Tensor
    arrived: Tensor
    following: Tensor
    acted: Tensor
    cell: Tensor
    around: Tensor
    obs_rows: Tensor
    state_rows: Tensor
    row: Tensor
    column: Tensor
    entry: Tensor
    others: Tensor
    no_count: Tensor
    no_car: Tensor
    no_time: Tensor
    one: Tensor
    never: Tensor
    always: Tensor

    @classmethod
    def build(cls, config: "TrafficJunctionConfig", device: torch.device) -> "Tables":
        """Computes the tables of `config` on `device`."""
        level = LEVELS[config.level]
        by_entry = routes(level)
        ways = [way for some in by_entry for way in some]
        places = torch.tensor([(0, 0), *itertools.chain(*ways)])
        lengths = torch.tensor([len(way) for way in ways])
        first = 1 + lengths.cumsum(0) - lengths
        following = torch.arange(1, len(places) + 1)
        following[0] = 0
        following[first + lengths - 1] = 0
        margin = config.view // 2
        width = level.grid + 2 * margin
        cell = (places[:, 0] + margin) * width + places[:, 1] + margin
        reach = torch.arange(-margin, margin + 1)
        around = cell[:, None] + (reach[:, None] * width + reach).flatten()
        cell[0], around[0] = 0, 1
        no_count = torch.zeros(1, width**2)
        no_count[0, 0] = -config.cars
        layout = StateLayout.of(config.cars, ways)
        parts: dict[str, Tensor] = {
            "first": first,
            "arrived": 2 * first,
            "following": following,
            "acted": _acted(following),
            "cell": cell.repeat_interleave(2),
            "around": around.repeat_interleave(2, 0),
            "obs_rows": _obs_rows(config, level, places, following, layout),
            "state_rows": _state_rows(level, ways, layout).repeat_interleave(2, 0),
            "row": places[:, 0].repeat_interleave(2),
            "column": places[:, 1].repeat_interleave(2),
            "entry": torch.arange(len(by_entry)) * len(by_entry[0]),
            "others": 1 - torch.eye(config.cars, dtype=torch.uint8),
            "no_count": no_count,
            "no_car": torch.zeros(1, config.cars, dtype=torch.long),
            "no_time": torch.zeros(1),
            "one": torch.ones(1, 1),
            "never": torch.zeros(1, dtype=torch.bool),
            "always": torch.ones(1, 1, 1, dtype=torch.bool),
        }
        on_device = {name: table.to(device) for name, table in parts.items()}
        return cls(layout=layout, num_cells=width**2, **on_device)


def _acted(following: Tensor) -> Tensor:
    """Returns what cars become by gas and by brake, `[4 P]`; idle slots stay idle."""
    gone_on = 2 * following
    stayed = 2 * torch.arange(len(following)) + 1
    stayed[0] = 0
    return torch.stack([gone_on, stayed], 1).repeat_interleave(2, 0).flatten()


def _state_rows(level: Level, ways: list[list[Cell]], layout: StateLayout) -> Tensor:
    """Returns the first six parts of `state` for each place, `[P,6]`."""
    far, longest = level.grid - 1, layout.longest
    rows = [[0.0] * 6]
    for route, way in enumerate(ways):
        for done, (row, column) in enumerate(way):
            share = route / layout.num_routes
            left = (len(way) - done) / longest
            rows.append([1.0, row / far, column / far, share, done / longest, left])
    return torch.tensor(rows)


def _obs_rows(
    config: "TrafficJunctionConfig",
    level: Level,
    places: Tensor,
    following: Tensor,
    layout: StateLayout,
) -> Tensor:
    """Returns observations without other cars, `[P * 2, O]`; zero for idle slots."""
    ahead, moves, left = torch.arange(len(places)), [], torch.zeros(len(places))
    for step in range(layout.longest):
        after = following[ahead]
        left += ahead > 0
        if step < config.lookahead:
            moves.append(_shown_move(places, ahead, after))
        ahead = after
    # A car counts itself in the middle of its own view: subtract it here.
    view = torch.zeros(len(places), config.view**2)
    view[:, config.view**2 // 2] = -1.0
    parts = [
        view,
        one_hot(places[:, 0], level.grid),
        one_hot(places[:, 1], level.grid),
        *moves,
        left[:, None] / layout.longest,
    ]
    rows = torch.cat([part.float() for part in parts], 1)[:, None].repeat(1, 2, 1)
    rows = torch.cat(
        [rows, torch.tensor([0.0, 1.0]).expand(len(rows), 2)[..., None]], 2
    )
    rows[0] = 0.0
    return rows.flatten(0, 1)


def _shown_move(places: Tensor, here: Tensor, after: Tensor) -> Tensor:
    """Returns the move from `here` to `after`, one-hot `[P,5]`; the fifth is none."""
    step = places[after] - places[here]
    code = torch.full_like(here, _NUM_SHOWN - 1)
    for direction, move in enumerate(MOVES):
        same = (step == torch.tensor(move)).all(1) & (after > 0)
        code = torch.where(same, direction, code)
    return one_hot(code, _NUM_SHOWN)
