"""The maps of Traffic Junction: roads, entries and the routes of cars.

Traffic keeps to the right. A road is one lane (easy) or two, a northern lane that runs
west above one that runs east, a western lane that runs south beside one that runs
north. Where two two-lane roads cross, 2x2 cells are a junction. A car goes straight on,
turns right at its first cell of the junction, or left at its second.

Source: the published rules of IC3Net's Traffic Junction (Singh et al. 2019).
"""

from collections.abc import Iterator
from typing import NamedTuple

Cell = tuple[int, int]  # row, column
MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1))  # up, down, left, right: (row, column)
UP, DOWN, LEFT, RIGHT = range(4)
_ON_THE_RIGHT = {UP: RIGHT, DOWN: LEFT, LEFT: UP, RIGHT: DOWN}
_ON_THE_LEFT = {UP: LEFT, DOWN: RIGHT, LEFT: DOWN, RIGHT: UP}


class Level(NamedTuple):
    """A map, with the numbers that IC3Net plays it with.

    Attributes:
      grid: rows and columns of the map.
      entries: where cars arrive and the direction they set out in, in the order in
        which arrivals are settled.
      crossings: rows and columns whose common cells are junctions.
      choices: junctions at which a route may turn; straight on at later ones.
      num_cars: the most cars at a time.
      episode_limit: steps of an episode.
      arrival: the probability that a car arrives, for each entry and step.
    """

    grid: int
    entries: tuple[tuple[Cell, int], ...]
    crossings: tuple[int, ...]
    choices: int
    num_cars: int
    episode_limit: int
    arrival: float


LEVELS = {
    "easy": Level(7, (((0, 3), DOWN), ((3, 0), RIGHT)), (), 0, 5, 20, 0.3),
    "medium": Level(
        14,
        (((0, 6), DOWN), ((13, 7), UP), ((7, 0), RIGHT), ((6, 13), LEFT)),
        (6, 7),
        1,
        10,
        40,
        0.2,
    ),
    "hard": Level(
        18,
        (
            *(((0, 4), DOWN), ((0, 12), DOWN), ((5, 0), RIGHT), ((13, 0), RIGHT)),
            *(((17, 5), UP), ((17, 13), UP), ((4, 17), LEFT), ((12, 17), LEFT)),
        ),
        (4, 5, 12, 13),
        2,
        20,
        80,
        0.05,
    ),
}


def routes(level: Level) -> list[list[list[Cell]]]:
    """Returns all routes of each entry, in the order straight on, right, left.

    Returns:
      Per entry a list of routes, each the cells from the entry to the last on the map.
    """
    return [
        list(_drive(level, cell, heading, level.choices))
        for cell, heading in level.entries
    ]


def _drive(
    level: Level, cell: Cell, heading: int, choices: int
) -> Iterator[list[Cell]]:
    """Yields the ways on from `cell`, off a junction, with `choices` junctions left."""
    path: list[Cell] = []
    while min(cell) >= 0 and max(cell) < level.grid:
        path.append(cell)
        if cell[0] in level.crossings and cell[1] in level.crossings:
            beyond = _ahead(cell, heading)
            left = _ON_THE_LEFT[heading]
            turns = [([beyond], heading)]
            if choices:
                turns += [([], _ON_THE_RIGHT[heading])]
                turns += [([beyond, _ahead(beyond, left)], left)]
            for crossing, out in turns:
                start = _ahead((path + crossing)[-1], out)
                for rest in _drive(level, start, out, max(0, choices - 1)):
                    yield path + crossing + rest
            return
        cell = _ahead(cell, heading)
    yield path


def _ahead(cell: Cell, heading: int) -> Cell:
    return cell[0] + MOVES[heading][0], cell[1] + MOVES[heading][1]
