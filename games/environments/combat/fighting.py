"""Fighting in Combat: targets, weapons, explosions and healing.

Worlds run along the last axis, see `games.environments.combat.tables`. All hits of a
loop land at once, so that the order of the units has no effect.
"""

import torch
from torch import Tensor

from games.environments.combat.tables import POINT, Tables
from games.environments.combat.units import LOOPS

SLOP = 1.0 * POINT
"""How far a target may slip out of range without being let go (the game's default)."""

_KEPT = float(2**22)  # more than 16 times any distance in points


def distances(tables: Tables, position: Tensor) -> Tensor:
    """Returns agents' distances to enemies, `[N,E,B]` whole points, from `[2,U,B]`."""
    n = tables.num_agents
    between = position[:, :n, None] - position[:, None, n:]
    return between.square().sum(0).sqrt().round()


def acquire(tables: Tables, gap: Tensor, target: Tensor, alive: Tensor) -> Tensor:
    """Returns the enemies' targets: the present one, or the nearest that they notice.

    A target is kept while it lives and is at most `SLOP` beyond where it was noticed.

    Args:
      tables: the map's constants.
      gap: `[N,E,B]` distances in points.
      target: `[E,B]` long, the targets of the last loop.
      alive: `[N,B]` bool, the agents that live.

    Returns:
      `[E,B]` long; an enemy's own number where it has none.
    """
    n = tables.num_agents
    agent = tables.own[:n, :, None]
    kept = agent == target
    noticed = gap <= tables.notice + kept * SLOP
    noticed = noticed & alive[:, None] & (tables.notice > 0)
    # This one whole number sorts by: kept, then distance, then the agent's number.
    key = gap * 16.0 + agent - kept * _KEPT
    best = key.masked_fill(~noticed, torch.inf).amin(0)
    found = best < torch.inf
    chosen = best.masked_fill(~found, 0.0).remainder(16.0).long()
    return torch.where(found, chosen, tables.own[n:])


def distance_to_target(tables: Tables, gap: Tensor, target: Tensor) -> Tensor:
    """Returns `[U,B]` points from `gap` [N,E,B]; meaningless where a target is none."""
    n, e = tables.num_agents, tables.num_enemies
    own = tables.own
    ours = own[:n] * e + target[:n] - n
    theirs = target[n:] * e + own[n:] - n
    entry = torch.cat([ours, theirs]).clamp(0, n * e - 1)
    return gap.view(n * e, -1).gather(0, entry)


def strike(
    in_range: Tensor,
    cooldown: Tensor,
    windup: Tensor,
    aim: Tensor,
    reload: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """Plays one loop of every weapon.

    A weapon that is ready aims for `aim` loops at a target in range, hits, and is ready
    again `reload` loops later. Losing the target while aiming costs nothing else.

    Args:
      in_range: `[U,B]` bool, whether a living target is in range.
      cooldown, windup: `[U,B]` loops until ready; loops aimed.
      aim: `[U,1]` loops from aiming to the hit.
      reload: `[U,B]` loops from the hit to ready, the random delay included.

    Returns:
      Who hits `[U,B]` bool, and the next cooldown and windup.
    """
    cooldown = (cooldown - 1.0).clamp(min=0.0)
    windup = (windup + 1.0) * (in_range & (cooldown <= 0.0))
    hit = windup > aim
    return hit, torch.where(hit, reload, cooldown), windup.masked_fill(hit, 0.0)


def damage(tables: Tables, hit: Tensor, pair: Tensor, target: Tensor) -> Tensor:
    """Returns the hit points that weapons take from each unit, `[U,B]`."""
    blows = tables.damage.index_select(0, pair.view(-1)).view(pair.shape) * hit
    return torch.zeros_like(blows).scatter_add_(0, target, blows)


def explode(
    tables: Tables, gap: Tensor, hit: Tensor, health: Tensor, lost: Tensor
) -> Tensor:
    """Adds to `lost` [U,B] what explosions of units that strike or die take.

    Only enemies are hurt, and no enemy explodes on any map, so one round is enough.
    """
    n = tables.num_agents
    ours = health[:n]
    triggered = hit[:n] & tables.explosive
    dying = (ours > 0.0) & (lost[:n] >= ours) & tables.explosive
    burst = (gap <= tables.blast_reach) & (triggered | dying)[:, None]
    hurt = (burst * tables.blast_damage).sum(0)
    return torch.cat([lost[:n] + triggered * ours, lost[n:] + hurt])


def heal(
    tables: Tables, position: Tensor, health: Tensor, energy: Tensor
) -> tuple[Tensor, Tensor]:
    """Plays one loop of every healer, which heals the first wounded enemy in range.

    Args:
      tables: the map's constants.
      position: `[2,U,B]` points.
      health, energy: `[U,B]` after this loop's hits.

    Returns:
      Health and energy `[U,B]`.
    """
    n = tables.num_agents
    for k, healer in enumerate(tables.healers):
        me, unit = n + healer, tables.units[n + healer]
        between = position[:, n:] - position[:, me : me + 1]
        near = between.square().sum(0).sqrt().round() <= tables.heal_reach[k]
        full = tables.full_health[n:]
        theirs = health[n:]
        wounded = near & (theirs > 0.0) & (theirs < full)
        patient = wounded & (wounded.cumsum(0) == 1)
        able = torch.minimum(
            energy[me] * (1.0 / unit.energy_cost),
            torch.full_like(energy[me], unit.heals / LOOPS),
        ) * (health[me] > 0.0)
        given = torch.minimum(full - theirs, able) * patient
        health = torch.cat([health[:n], theirs + given])
        used = given.sum(0) * unit.energy_cost
        energy = torch.cat([energy[:me], (energy[me] - used)[None], energy[me + 1 :]])
    return health, energy
