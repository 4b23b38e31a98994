"""What SMAC's getters tell of a world, in plain Python, one feature at a time.

After `get_obs_agent`, `get_state` and `get_avail_agent_actions` of oxwhirl/smac, with
the type bits of NDQ's copy; positions in cells.
"""

import math

from games.environments.combat.maps import MAPS
from tests.reference.combat import POINT, UNITS

CENTRE, SIDE = 16, 32


def has_attack(world, n, i, e, shoot):
    """Whether agent i may be told to attack enemy e."""
    me, enemy = world.units[i], world.units[n + e]
    return me.health > 0 and enemy.health > 0 and apart(me, enemy) <= shoot


def apart(one, other):
    """Distance in cells."""
    return math.hypot(one.x - other.x, one.y - other.y) / POINT


def can_move(name, unit, dx, dy, amount):
    """Whether the cell half a move away is ground; cells by `int`, as SMAC does."""
    x = int(unit.x / POINT + dx * amount / 2)
    y = int(unit.y / POINT + dy * amount / 2)
    return MAPS[name].walkable(x, y)


def available(name, world, n, i, shoot, amount):
    """Flags of all actions of agent i."""
    me, count = world.units[i], len(world.units) - n
    if me.health <= 0:
        return [True] + [False] * (5 + count)
    moves = [
        can_move(name, me, *way, amount) for way in ((0, 1), (0, -1), (1, 0), (-1, 0))
    ]
    attacks = [has_attack(world, n, i, e, shoot) for e in range(count)]
    return [False, True, *moves, *attacks]


def bits(name, k, world, n):
    """The type of unit k, one-hot."""
    kinds = MAPS[name].kinds[k >= n]
    return [float(world.units[k].kind == kind) for kind in kinds]


def share(unit):
    """Health as a share of the full."""
    return unit.health / UNITS[unit.kind].health


def observation(name, world, n, i, sight, shoot, amount, all_health, own_position):
    """The observation of agent i."""
    me = world.units[i]
    others = [*range(n, len(world.units)), *(j for j in range(n) if j != i)]
    width = 4 + all_health + len(bits(name, 0, world, n))
    if me.health <= 0:
        own = width - 3 - all_health + 2 * own_position
        return [0.0] * (4 + len(others) * width + own)
    row = [float(f) for f in available(name, world, n, i, shoot, amount)[2:6]]
    for j in others:
        other = world.units[j]
        far = apart(me, other)
        if other.health <= 0 or far >= sight:
            row += [0.0] * width
            continue
        row.append(float(j < n or has_attack(world, n, i, j - n, shoot)))
        row.append(far / sight)
        row += [(other.x - me.x) / POINT / sight, (other.y - me.y) / POINT / sight]
        row += [share(other)] * all_health + bits(name, j, world, n)
    place = [(me.x / POINT - CENTRE) / SIDE, (me.y / POINT - CENTRE) / SIDE]
    return [*row, share(me), *bits(name, i, world, n), *(place * own_position)]


def state(name, world, n, actions):
    """The state."""
    row = []
    for k, unit in enumerate(world.units):
        x = (unit.x / POINT - CENTRE) / SIDE
        y = (unit.y / POINT - CENTRE) / SIDE
        ready = [unit.cooldown / UNITS[unit.kind].cooldown_scale] if k < n else []
        features = [share(unit), *ready, x, y, *bits(name, k, world, n)]
        row += features if unit.health > 0 else [0.0] * len(features)
    for action in world.last_action:
        row += [float(action == a) for a in range(actions)]
    return row
