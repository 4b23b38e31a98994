"""Combat, one world in plain Python: slow, and written from the rules.

Rules of a loop (a step has `step_mul` of them), lengths in points, 4096 to a cell:

1. An enemy keeps its target while that lives within its notice range plus one cell, or
   takes the nearest living agent within its notice range (ties: the lower number).
2. Who has a living target walks to 1/64 cell within its range, the others to their
   goal; an agent whose target has died stays. Who was aiming does not walk. Pairs of
   one plane that overlap are pushed half the overlap each. A step off the ground
   becomes a step along x, or else along y, or none.
3. Weapons whose cooldown is over aim at a target in range (one cell more while aiming)
   and hit after `aim` loops, all at once.
4. Explosives that hit or die hurt all ground enemies around.
5. The first wounded patient in range is healed; units regenerate.
"""

import math
from dataclasses import dataclass, field

from games.environments.combat.maps import MAPS, SIDE
from games.environments.combat.units import UNITS

POINT, LOOPS = 4096, 16
MOVES = {2: (0, 1), 3: (0, -1), 4: (1, 0), 5: (-1, 0)}


@dataclass
class Unit:
    """One soldier."""

    kind: str
    x: float
    y: float
    goal: tuple[float, float]
    health: float
    energy: float = 0.0
    cooldown: float = 0.0
    windup: float = 0.0
    target: int | None = None
    stands: bool = False

    @property
    def type(self):
        """Its row of the table."""
        return UNITS[self.kind]


@dataclass
class World:
    """One battle; agents come first."""

    units: list[Unit]
    last_action: list[int | None] = field(default_factory=list)
    time: int = 0


def strength(one, other):
    """Hit points of one strike."""
    if one.reach < 0 or (other.flies and not one.hits_air):
        return 0.0
    bonus = one.bonus_light if other.light else 0.0
    return one.hits * max(0.5, one.damage + bonus - other.armor)


def distance(one, other):
    """Between two units, in points."""
    return math.sqrt((one.x - other.x) ** 2 + (one.y - other.y) ** 2)


def within(one, other, reach):
    """Whether two units are at most `reach` cells apart, edge to edge."""
    limit = round((reach + one.type.radius + other.type.radius) * POINT)
    return round(distance(one, other)) <= limit


class Reference:
    """The game, with the rules of a `CombatConfig`."""

    def __init__(self, config):
        """Takes the rules."""
        self.config, self.map = config, MAPS[config.map]
        self.n = len(self.map.agents)

    def start(self, noise):
        """Places everybody."""
        sides = ([], [])
        for g, group in enumerate(self.map.groups):
            pick, across, up = noise[3 * g : 3 * g + 3]
            west, east, south, north = group.regions[int(pick * len(group.regions))]
            x = west + across * (east - west)
            y = south + up * (north - south)
            for side, members in enumerate((group.agents, group.enemies)):
                for member in members:
                    sides[side].append(self.place(member, x, y))
        if self.map.sorted_agents:
            sides[0].sort(key=lambda unit: unit.x)
        if self.map.charge:
            for unit in sides[1]:
                unit.goal = tuple(POINT * c for c in self.map.charge)
        return World(sides[0] + sides[1], [None] * self.n)

    def place(self, member, x, y):
        """A unit at its offset, or at the point if the offset is off the ground."""
        kind = UNITS[member.unit]
        edge = SIDE * POINT - 1
        x, y = round(x * POINT), round(y * POINT)
        px = min(max(round(x + member.dx * POINT), 0), edge)
        py = min(max(round(y + member.dy * POINT), 0), edge)
        if not self.passable(kind, px, py):
            px, py = min(x, edge), min(y, edge)
        return Unit(member.unit, px, py, (px, py), kind.health, kind.energy)

    def passable(self, kind, x, y):
        """Whether a unit may stand at (x, y)."""
        return kind.flies or self.map.walkable(int(x // POINT), int(y // POINT))

    def play(self, world, action, noise):
        """Plays one step, changes `world`; returns reward, done, success."""
        for i, act in enumerate(action):
            self.order(world.units, i, act)
        enemies = world.units[self.n :]
        before = [unit.health for unit in enemies]
        delays = [
            math.floor(4 * u) - 1 if self.config.random_delay else 0 for u in noise
        ]
        for _ in range(self.config.step_mul):
            self.loop(world.units, delays)
        world.last_action, world.time = list(action), world.time + 1
        return self.judge(world, before)

    def order(self, units, i, act):
        """Takes an action as an order."""
        me, old = units[i], units[i].target
        me.stands = act == 1
        if act >= 6 and strength(me.type, units[self.n + act - 6].type) > 0:
            me.target, me.goal = self.n + act - 6, (me.x, me.y)
        elif 0 < act < 6:
            dx, dy = MOVES.get(act, (0, 0))
            reach = self.config.move_amount * POINT
            me.target, me.goal = None, (me.x + dx * reach, me.y + dy * reach)
        if me.target != old:
            me.windup = 0.0

    def loop(self, units, delays):
        """One game loop."""
        living = [unit.health > 0 for unit in units]
        for k, unit in enumerate(units):
            if k >= self.n:
                unit.target = self.notice(units, unit)
            elif unit.target is not None and not (living[k] and living[unit.target]):
                unit.target, unit.goal = None, (unit.x, unit.y)
            if unit.stands:
                unit.goal = (unit.x, unit.y)
        self.walk(units, living)
        lost = [0.0] * len(units)
        hits = [self.shoot(units, k, living, lost, delays) for k in range(len(units))]
        bursts = [
            unit
            for k, unit in enumerate(units[: self.n])
            if unit.type.blast and living[k] and (hits[k] or lost[k] >= unit.health)
        ]
        for unit in bursts:
            for j, enemy in enumerate(units[self.n :], self.n):
                if strength(unit.type, enemy.type):
                    limit = round((unit.type.blast + enemy.type.radius) * POINT)
                    if round(distance(unit, enemy)) <= limit:
                        lost[j] += strength(unit.type, enemy.type)
            lost[units.index(unit)] += unit.health
        for unit, loss in zip(units, lost, strict=True):
            unit.health = max(0.0, unit.health - loss)
        self.recover(units)

    def notice(self, units, me):
        """The target of an enemy."""
        if me.health <= 0 or me.type.acquires < 0:
            return None
        agents = [
            j
            for j, unit in enumerate(units[: self.n])
            if unit.health > 0 and strength(me.type, unit.type) > 0
        ]
        old = me.target
        if old in agents and within(me, units[old], me.type.acquires + 1):
            return old
        near = [j for j in agents if within(me, units[j], me.type.acquires)]
        return min(near, key=lambda j: (round(distance(me, units[j])), j), default=None)

    def walk(self, units, living):
        """Everybody's movement, from where all were."""
        places = []
        for k, me in enumerate(units):
            dx = dy = 0.0
            if living[k] and me.windup == 0:
                if me.target is None:
                    (gx, gy), stop = me.goal, 0
                else:
                    other = units[me.target]
                    gx, gy = other.x, other.y
                    reach = me.type.reach + me.type.radius + other.type.radius
                    stop = round(reach * POINT) - POINT // 64
                far = math.hypot(gx - me.x, gy - me.y)
                way = min(max(far - stop, 0), round(me.type.speed * POINT / LOOPS))
                dx = round((gx - me.x) * way / max(far, 1.0))
                dy = round((gy - me.y) * way / max(far, 1.0))
            for j, other in enumerate(units):
                if j != k and living[j] and living[k]:
                    px, py = self.push(me, other)
                    dx, dy = dx + px, dy + py
            places.append(self.step(me, me.x + dx, me.y + dy))
        for unit, (x, y) in zip(units, places, strict=True):
            unit.x, unit.y = x, y

    def push(self, me, other):
        """How `other` pushes me."""
        if me.type.flies != other.type.flies:
            return 0, 0
        near = distance(me, other)
        apart = round((me.type.separation + other.type.separation) * POINT)
        share = max(0.0, apart - near) / 2 / max(near, 1.0)
        return round((me.x - other.x) * share), round((me.y - other.y) * share)

    def step(self, me, x, y):
        """Where a step ends."""
        edge = SIDE * POINT - 1
        x, y = min(max(x, 0), edge), min(max(y, 0), edge)
        for place in ((x, y), (x, me.y), (me.x, y)):
            if self.passable(me.type, *place):
                return place
        return me.x, me.y

    def shoot(self, units, k, living, lost, delays):
        """One loop of a weapon; whether it hits."""
        me, kind = units[k], units[k].type
        me.cooldown = max(0.0, me.cooldown - 1)
        target = me.target
        slop = 1.0 if me.windup > 0 else 0.0
        ready = target is not None and living[k] and living[target]
        ready = ready and me.cooldown <= 0
        if not (ready and within(me, units[target], kind.reach + slop)):
            me.windup = 0.0
            return False
        me.windup += 1
        aim = round(kind.damage_point * LOOPS)
        if me.windup <= aim:
            return False
        me.windup = 0.0
        me.cooldown = round(kind.period * LOOPS) - aim + delays[k]
        if not kind.blast:
            lost[target] += strength(kind, units[target].type)
        return True

    def recover(self, units):
        """Healing and regeneration."""

        def per_loop(rate):
            return round(rate * POINT / LOOPS) / POINT

        for me in units[self.n :]:
            if not me.type.heals:
                continue
            for other in units[self.n :]:
                hurt = 0 < other.health < other.type.health and other.type.biological
                if other is me or not hurt or not within(me, other, me.type.heal_reach):
                    continue
                able = min(me.energy / me.type.energy_cost, me.type.heals / LOOPS)
                given = min(other.type.health - other.health, able)
                other.health += given
                me.energy -= given * me.type.energy_cost
                break
        for unit in units:
            kind = unit.type
            gain = per_loop(kind.energy_regeneration)
            unit.energy = min(kind.energy_cap, unit.energy + gain)
            if unit.health > 0:
                gain = per_loop(kind.regeneration)
                unit.health = min(kind.health, unit.health + gain)

    def judge(self, world, before):
        """Reward, done and success after a step."""
        enemies = world.units[self.n :]
        ours = any(unit.health > 0 for unit in world.units[: self.n])
        change = sum(
            b - unit.health + (10 if b > 0 and unit.health == 0 else 0)
            for b, unit in zip(before, enemies, strict=True)
        )
        names = self.map.decisive or self.map.enemies
        left = [e for e in enemies if e.health > 0 and e.kind in names]
        won = not left and (ours or not self.map.needs_survivor)
        most = sum(10 + e.type.health for e in enemies) + 200
        reward = (abs(change) + 200 * won) / (most / 20)
        limit = self.config.episode_limit or self.map.episode_limit
        theirs = any(e.health > 0 for e in enemies)
        return reward, won or not ours or not theirs or world.time >= limit, won
