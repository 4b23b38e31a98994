"""Traffic Junction, one world in plain Python: slow, and written from the rules.

The rules (IC3Net's):

1. Cars on the road act: gas moves a car to the next cell of its route (from the last
   one off the map: it is gone), brake leaves it where it is. Either way its clock tau
   goes on by one.
2. For each entry in order, if fewer than N cars are on the road: with probability p a
   random idle slot becomes a new car there, on a random route of the entry.
3. Every car gets time_penalty * tau, and collision_penalty if another car is in its
   cell. Cars stay after a collision. The game is a success if there was none.

Routes are told by their lanes: a car drives along a lane up to the lane it turns into.
Traffic keeps right, so of the lanes that cross a road's two-lane crossing, a right turn
takes the first one met, a left turn the second, which is oncoming.

Chance comes in as uniform numbers in [0, 1): noise[i] is the ticket of slot i, and
idle slots become cars in the order of their tickets; entry e wants a car if
noise[N + e] < p, on its route number floor(K * noise[N + E + e]).
"""

from collections.abc import Sequence
from dataclasses import dataclass

Cell = tuple[int, int]

# Lanes by direction: rows for east and west, columns for south and north.
EASY = {"south": [3], "east": [3], "north": [], "west": []}
MEDIUM = {"south": [6], "east": [7], "north": [7], "west": [6]}
HARD = {"south": [4, 12], "east": [5, 13], "north": [5, 13], "west": [4, 12]}
LANES = {"easy": EASY, "medium": MEDIUM, "hard": HARD}
GRID = {"easy": 7, "medium": 14, "hard": 18}
CARS = {"easy": 5, "medium": 10, "hard": 20}
LIMIT = {"easy": 20, "medium": 40, "hard": 80}
RATE = {"easy": 0.3, "medium": 0.2, "hard": 0.05}
# Junctions at which a route may turn.
TURNS = {"easy": 0, "medium": 1, "hard": 2}
# The order in which the sides of the map let cars in.
SIDES = {
    "easy": ("south", "east"),
    "medium": ("south", "north", "east", "west"),
    "hard": ("south", "east", "north", "west"),
}
RIGHT_OF = {"south": "west", "west": "north", "north": "east", "east": "south"}
LEFT_OF = {right: direction for direction, right in RIGHT_OF.items()}
STEP = {"north": (-1, 0), "south": (1, 0), "west": (0, -1), "east": (0, 1)}
BRAKE = 1


def lane_cells(level: str, direction: str, line: int) -> list[Cell]:
    """A whole lane, from where cars come in to where they leave."""
    cells = range(GRID[level])
    if direction in ("north", "west"):
        cells = reversed(cells)
    upright = direction in ("north", "south")
    return [(k, line) if upright else (line, k) for k in cells]


def ways_on(level: str, direction: str, line: int, here: Cell, turns: int) -> list:
    """All routes that go on from `here` along a lane, in the order ahead, right, left.

    At most `turns` further junctions offer a choice.
    """
    lane = lane_cells(level, direction, line)
    ahead = lane[lane.index(here) :]
    found = []
    if turns:
        # The next crossing is where the first lane from the right and from the left
        # side cross this one.
        first, second = (
            next((c for c in ahead[1:] if on_lane(level, turn, c)), None)
            for turn in (RIGHT_OF[direction], LEFT_OF[direction])
        )
        if first is None or second is None:
            return [ahead]
        past = ahead[ahead.index(second) + 1]
        for way in ways_on(level, direction, line, past, turns - 1):
            found.append(ahead[: ahead.index(past)] + way)
        for turn, corner in (
            (RIGHT_OF[direction], first),
            (LEFT_OF[direction], second),
        ):
            other = corner[0] if turn in ("east", "west") else corner[1]
            # A left turn leaves the junction one cell later than a right turn.
            crossing = lane_cells(level, turn, other)
            steps = 1 if turn == RIGHT_OF[direction] else 2
            out = crossing[crossing.index(corner) + steps]
            before = ahead[: ahead.index(corner)]
            inside = crossing[crossing.index(corner) : crossing.index(out)]
            for way in ways_on(level, turn, other, out, turns - 1):
                found.append(before + inside + way)
        return found
    return [ahead]


def on_lane(level: str, direction: str, cell: Cell) -> bool:
    """Whether a cell is on a lane of that direction."""
    line = cell[0] if direction in ("east", "west") else cell[1]
    return line in LANES[level][direction]


def routes(level: str) -> list[list[list[Cell]]]:
    """Each entry's routes."""
    return [
        ways_on(level, side, line, lane_cells(level, side, line)[0], TURNS[level])
        for side in SIDES[level]
        for line in LANES[level][side]
    ]


@dataclass
class Car:
    """A car on the road."""

    route: int  # of all routes, entry by entry
    progress: int = 0
    tau: int = 0
    last_action: int = 0


@dataclass
class World:
    """One game; an idle slot is None."""

    cars: list[Car | None]
    failed: bool = False
    time: int = 0


@dataclass
class Paid:
    """What a step paid, and whether it ended the game."""

    rewards: list[float]  # of each slot
    done: bool
    success: bool


class Reference:
    """The game, with the rules of a `TrafficJunctionConfig`."""

    def __init__(self, config):
        """Takes the rules; what they leave out is the level's."""
        level = config.level
        self.config, self.grid = config, GRID[level]
        self.entries = routes(level)
        self.routes = [way for ways in self.entries for way in ways]
        self.longest = max(map(len, self.routes))
        given = (config.num_cars, config.episode_limit, config.arrival)
        own = (CARS[level], LIMIT[level], RATE[level])
        self.num_cars, self.limit, self.rate = (
            mine if theirs is None else theirs
            for theirs, mine in zip(given, own, strict=True)
        )

    def start(self) -> World:
        """Nobody is there."""
        return World([None] * self.num_cars)

    def play(self, world: World, action: list[int], noise: Sequence[float]) -> Paid:
        """Plays one step and changes `world`."""
        cars = world.cars
        for i, car in enumerate(cars):
            if car is None:
                continue
            car.tau += 1
            car.last_action = action[i]
            if action[i] == BRAKE:
                continue
            car.progress += 1
            if car.progress == len(self.routes[car.route]):
                cars[i] = None
        self.arrive(cars, noise)
        rewards = self.pay(world)
        world.time += 1
        return Paid(rewards, world.time >= self.limit, not world.failed)

    def arrive(self, cars: list[Car | None], noise: Sequence[float]) -> None:
        """Lets new cars in."""
        n = self.num_cars
        idle = [i for i in range(n) if cars[i] is None]
        idle.sort(key=lambda i: noise[i])
        for e, ways in enumerate(self.entries):
            if not idle:
                break
            if noise[n + e] < self.rate:
                chosen = int(len(ways) * noise[n + len(self.entries) + e])
                cars[idle.pop(0)] = Car(e * len(ways) + chosen)

    def pay(self, world: World) -> list[float]:
        """What each slot gets."""
        config = self.config
        rewards = []
        for car in world.cars:
            reward = 0.0
            if car is not None:
                reward = config.time_penalty * car.tau
                if self.count(world, self.cell(car)) > 1:
                    reward += config.collision_penalty
                    world.failed = True
            rewards.append(reward)
        return rewards

    def cell(self, car: Car) -> Cell:
        """Where a car is."""
        return self.routes[car.route][car.progress]

    def count(self, world: World, cell: Cell) -> int:
        """Cars on a cell."""
        return sum(car is not None and self.cell(car) == cell for car in world.cars)

    def observation(self, world: World, i: int) -> list[float]:
        """What the car in slot i sees."""
        config, car, far = self.config, world.cars[i], self.grid
        size = config.view**2 + 2 * far + 5 * config.lookahead + 2
        if car is None:
            return [0.0] * size
        row, column = self.cell(car)
        cells = [self.cell(other) for other in world.cars if other is not None]
        cells.remove((row, column))  # itself
        reach = range(-(config.view // 2), config.view // 2 + 1)
        obs = [
            float(cells.count((row + down, column + right)))
            for down in reach
            for right in reach
        ]
        obs += [float(line == row) for line in range(far)]
        obs += [float(line == column) for line in range(far)]
        way = self.routes[car.route][car.progress :]
        for k in range(config.lookahead):
            move = None
            if k + 1 < len(way):
                move = (way[k + 1][0] - way[k][0], way[k + 1][1] - way[k][1])
            directions = [STEP[d] for d in ("north", "south", "west", "east")]
            obs += [float(move == d) for d in [*directions, None]]
        return [*obs, len(way) / self.longest, float(car.last_action)]

    def everything(self, world: World) -> list[float]:
        """The state for critics and teachers."""
        far = self.grid - 1
        state = []
        for car in world.cars:
            if car is None:
                state += [0.0] * 6
                continue
            left = len(self.routes[car.route]) - car.progress
            state += [
                1.0,
                self.cell(car)[0] / far,
                self.cell(car)[1] / far,
                car.route / len(self.routes),
                car.progress / self.longest,
                left / self.longest,
            ]
        state += [0.0 if car is None else car.tau / self.limit for car in world.cars]
        return [*state, world.time / self.limit]

    def hears(self, world: World, j: int, i: int) -> bool:
        """Whether the car in slot j hears that in slot i."""
        one, other, reach = world.cars[j], world.cars[i], self.config.comm_range
        if i == j or one is None or other is None:
            return False
        here, there = self.cell(one), self.cell(other)
        away = max(abs(here[0] - there[0]), abs(here[1] - there[1]))
        return reach is None or away <= reach
