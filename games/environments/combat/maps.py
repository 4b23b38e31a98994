"""The maps of Combat as data: ground, starts, limits, and what counts as a win.

Sources: NDQ's map files `bane_vs_hM` (the paper's 3bane_vs_hM) and `1o_2r_vs_4r`, read
cell by cell; walkable is where the cliff level is. The four-agent maps were never
published: the fourth baneling takes one of the three regions at random, the third
roach starts with the other two. `3m` and `8m` stand in for the stock marine maps, with
the same units, sizes and limits on plain ground.
"""

from dataclasses import dataclass

SIDE = 32
"""Cells along either side of every map."""

Region = tuple[float, float, float, float]  # x from, x to, y from, y to


@dataclass(frozen=True)
class Member:
    """One unit of a group, which starts `(dx, dy)` cells from the group's point."""

    unit: str
    dx: float = 0.0
    dy: float = 0.0


@dataclass(frozen=True)
class Group:
    """Units that start together, at one random point of one random region."""

    regions: tuple[Region, ...]
    agents: tuple[Member, ...] = ()
    enemies: tuple[Member, ...] = ()


@dataclass(frozen=True)
class CombatMap:
    """One scenario.

    Attributes:
      ground: rows of cells from north (y = 31) to south; `#` is walkable.
      groups: which units start where. Agents are numbered by group; `sorted_agents`
        renumbers them by x, as SMAC does, if the groups' regions leave the order open.
      episode_limit: the most environment steps of an episode.
      kinds: unit names in the order of SMAC's type bits, of agents and of enemies;
        empty for no bits.
      decisive: the enemies that must be dead for a win; empty for all of them.
      needs_survivor: whether a win needs a living agent.
      charge: where enemies march to; none for enemies that stay at their post.
      sight, shoot: SMAC's ranges on this map.
      all_health: whether SMAC shows other units' health on this map.
    """

    ground: tuple[str, ...]
    groups: tuple[Group, ...]
    episode_limit: int
    kinds: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    decisive: tuple[str, ...] = ()
    needs_survivor: bool = True
    charge: tuple[float, float] | None = None
    sight: float = 9.0
    shoot: float = 6.0
    all_health: bool = True
    sorted_agents: bool = False

    @property
    def agents(self) -> tuple[str, ...]:
        """Returns the unit names of the agents, in order."""
        return tuple(m.unit for group in self.groups for m in group.agents)

    @property
    def enemies(self) -> tuple[str, ...]:
        """Returns the unit names of the enemies, in order."""
        return tuple(m.unit for group in self.groups for m in group.enemies)

    def walkable(self, x: int, y: int) -> bool:
        """Returns whether cell (x, y) is ground; y counts from the south."""
        inside = 0 <= x < SIDE and 0 <= y < SIDE
        return inside and self.ground[SIDE - 1 - y][x] == "#"


def _centred(width: int) -> str:
    return ("#" * width).center(SIDE, ".")


# A corridor in the north, and a stem that leads to it from the south.
_T = (_centred(32),) * 3 + (_centred(8), _centred(6), _centred(4)) + (_centred(2),) * 26
# A ring round a block of void, whose first and last row are two cells shorter.
_BLOCK = "#" * 7 + "." * 18 + "#" * 7
_SHORTER = "#" * 8 + "." * 16 + "#" * 8
_RING = (
    ("#" * SIDE,) * 5 + (_SHORTER,) + (_BLOCK,) * 20 + (_SHORTER,) + ("#" * SIDE,) * 5
)
_FIELD = ("." * SIDE,) * 8 + ("#" * SIDE,) * 16 + ("." * SIDE,) * 8

_LEFT: Region = (0, 14, 30, 32)
_STEM: Region = (15, 17, 0.5, 30.5)
_RIGHT: Region = (18, 32, 30, 32)


def _point(x: float, y: float) -> Region:
    return (x, x, y, y)


def _banelings(*more: Group) -> CombatMap:
    """Builds the map of banelings against a hydralisk that a medivac heals."""
    one = (Member("baneling"),)
    enemies = (Member("hydralisk"), Member("medivac"))
    return CombatMap(
        ground=_T,
        groups=(
            *(Group((region,), agents=one) for region in (_LEFT, _STEM, _RIGHT)),
            *more,
            Group((_point(16, 31),), enemies=enemies),
        ),
        episode_limit=30,
        kinds=(("baneling", ""), ("hydralisk", "medivac")),
        decisive=("hydralisk",),
        needs_survivor=False,
        sight=2.0,
        shoot=2.0,
        all_health=False,
        sorted_agents=bool(more),
    )


# Regions of the roaches: the border strips, less what lies in the void.
_STRIPS: tuple[Region, ...] = (
    (0, 32, 0, 5),
    (0.5, 7, 6, 26),
    (25, 31.5, 6, 26),
    (0, 32, 27, 32),
)
_CORNERS = (
    _point(3.5, 2),
    _point(3.5, 28.8598),
    _point(28.5, 28),
    _point(28.5, 2),
)


def _overlord(roaches: tuple[float, ...]) -> CombatMap:
    """Builds the map of an overlord and roaches against four reapers.

    The overlord starts above the reapers in a corner, the roaches elsewhere. The game
    sets units that start at one point side by side: `roaches` are their offsets.
    """
    beside = (-0.4, 0.4)
    reapers = tuple(Member("reaper", dx, dy) for dx in beside for dy in beside)
    return CombatMap(
        ground=_RING,
        groups=(
            Group(_CORNERS, agents=(Member("overlord"),), enemies=reapers),
            Group(_STRIPS, agents=tuple(Member("roach", dx) for dx in roaches)),
        ),
        episode_limit=50,
        kinds=(("roach", "overlord"), ("reaper", "")),
    )


def _marines(count: int, episode_limit: int) -> CombatMap:
    """Builds the map of marines against as many, who march to the agents' start."""
    rows = [0.8 * (k - (count - 1) / 2) for k in range(count)]
    members = tuple(Member("marine", 0.0, dy) for dy in rows)
    return CombatMap(
        ground=_FIELD,
        groups=(
            Group((_point(9, 16),), agents=members),
            Group((_point(23, 16),), enemies=members),
        ),
        episode_limit=episode_limit,
        charge=(9, 16),
    )


MAPS: dict[str, CombatMap] = {
    "3bane_vs_hM": _banelings(),
    "4bane_vs_hM": _banelings(
        Group((_LEFT, _STEM, _RIGHT), agents=(Member("baneling"),))
    ),
    "1o_2r_vs_4r": _overlord((-0.65, 0.65)),
    "1o_3r_vs_4r": _overlord((-1.3, 0.0, 1.3)),
    "3m": _marines(3, 60),
    "8m": _marines(8, 120),
}
