"""The types of units: numbers of StarCraft II, as the maps of NDQ change them.

Lengths are map cells, times are game seconds of 16 loops, speeds cells a second.
Ranges are edge to edge: add the radii of both units.

Source: SC2GameData, mods/liberty.sc2mod/base.sc2data/GameData (Unit, Weapon, Effect,
Abil and Behavior data; the same in builds 4.6.2 and 5.0.14), with the map data of
NDQ's `bane_vs_hM` (Baneling_RL, Hydralisk, Medivac) and `1o_2r_vs_4r` (Roach_RL,
Overload_RL, Reaper), which override weapons, speeds and sight.
"""

from dataclasses import dataclass

LOOPS = 16
"""Game loops in a game second."""


@dataclass(frozen=True)
class UnitType:
    """The numbers of one type of unit.

    Attributes:
      health: hit points at the start.
      speed: cells a second.
      radius: the outer radius; ranges are measured from it.
      separation: the inner radius; ground units push each other out of it.
      armor: hit points taken off every hit.
      light: whether weapons with a bonus against light units do more.
      biological: whether the unit can be healed.
      flies: whether it moves over everything, and only weapons that hit air reach it.
      damage, bonus_light, hits: hit points, bonus and number of the hits of one strike.
      reach: range of the weapon; negative without one.
      hits_air: whether the weapon reaches flyers.
      period, damage_point: seconds between strikes, and from aiming to the hit.
      blast: radius of the explosion that the strike, or death, sets off; 0 for none.
      acquires: range in which it attacks unasked; negative if it never does.
      regeneration: hit points a second.
      heals, heal_reach: hit points that it heals a second, and the range.
      energy, energy_cap, energy_regeneration: at the start, at most, a second.
      energy_cost: energy for a healed hit point.
      cooldown_scale: what SMAC divides the cooldown by in the state.
    """

    health: float
    speed: float
    radius: float
    separation: float
    armor: float = 0.0
    light: bool = False
    biological: bool = True
    flies: bool = False
    damage: float = 0.0
    bonus_light: float = 0.0
    hits: int = 1
    reach: float = -1.0
    hits_air: bool = False
    period: float = 0.0
    damage_point: float = 0.0
    blast: float = 0.0
    acquires: float = -1.0
    regeneration: float = 0.0
    heals: float = 0.0
    heal_reach: float = 0.0
    energy: float = 0.0
    energy_cap: float = 0.0
    energy_regeneration: float = 0.0
    energy_cost: float = 0.0
    cooldown_scale: float = 15.0


UNITS: dict[str, UnitType] = {
    # Passive, like all units that agents control; also explodes when killed.
    "baneling": UnitType(
        health=30,
        speed=2.5,
        radius=0.375,
        separation=0.375,
        damage=20,
        bonus_light=15,
        reach=0.25,
        blast=2.2,
        regeneration=0.2734,
        cooldown_scale=1.0,
    ),
    # Its missile is taken to hit at once, and its melee weapon is the same weapon.
    "hydralisk": UnitType(
        health=80,
        speed=2.25,
        radius=0.625,
        separation=0.375,
        light=True,
        damage=30,
        reach=2.0,
        hits_air=True,
        period=0.83,
        damage_point=0.208,
        acquires=2.0,
        regeneration=0.2734,
    ),
    "medivac": UnitType(
        health=150,
        speed=2.75,
        radius=0.75,
        separation=0.75,
        armor=1,
        biological=False,
        flies=True,
        heals=7.0,
        heal_reach=4.0,
        energy=50,
        energy_cap=200,
        energy_regeneration=0.5625,
        energy_cost=0.33,
    ),
    "roach": UnitType(
        health=145,
        speed=2.25,
        radius=0.5,
        separation=0.625,
        armor=1,
        damage=16,
        reach=3.0,
        period=1.0,
        damage_point=0.167,
        regeneration=0.2734,
    ),
    # NDQ's Overload_RL: it sees, but it is slow and has no weapon.
    "overlord": UnitType(
        health=200,
        speed=0.4687,
        radius=1.0,
        separation=0.75,
        flies=True,
        regeneration=0.2734,
    ),
    # Its two hits, two loops apart in the game, land together here.
    "reaper": UnitType(
        health=50,
        speed=2.9531,
        radius=0.375,
        separation=0.375,
        light=True,
        damage=4,
        bonus_light=5,
        hits=2,
        reach=3.0,
        period=1.1,
        acquires=3.0,
    ),
    "marine": UnitType(
        health=45,
        speed=2.25,
        radius=0.375,
        separation=0.375,
        light=True,
        damage=6,
        reach=5.0,
        hits_air=True,
        period=0.8608,
        damage_point=0.05,
        acquires=5.0,
    ),
}


def blow(attacker: UnitType, target: UnitType) -> float:
    """Returns the hit points that one strike takes; 0 where the weapon cannot hit.

        hits * max(0.5, damage + bonus - armor)

    The floor of half a hit point is known from the game, not read from its data.
    """
    if attacker.reach < 0 or (target.flies and not attacker.hits_air):
        return 0.0
    bonus = attacker.bonus_light if target.light else 0.0
    return attacker.hits * max(0.5, attacker.damage + bonus - target.armor)
