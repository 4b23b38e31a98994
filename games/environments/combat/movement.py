"""Movement in Combat: what actions order, walking, pushing, and the ground.

Worlds run along the last axis, see `games.environments.combat.tables`.
"""

import torch
from torch import Tensor

from games.environments.combat.maps import SIDE
from games.environments.combat.tables import POINT, Tables

_EDGE = SIDE * POINT - 1
_INSIDE = POINT // 64  # a unit that walks to a target goes this far into range
NO_OP, STOP, NORTH, SOUTH, EAST, WEST, ATTACK = range(7)
_DX = (0.0, 0.0, 0.0, 0.0, 1.0, -1.0)
_DY = (0.0, 0.0, 1.0, -1.0, 0.0, 0.0)


class Orders:
    """Turns SMAC's actions into orders: stop, walk a fixed way, attack an enemy.

    An attack with a weapon that cannot hit the target changes nothing: the agent
    follows its last order.
    """

    def __init__(self, tables: Tables, move_amount: float) -> None:
        """Tabulates every action of every agent; a walk aims `move_amount` away."""
        n, e = tables.num_agents, tables.num_enemies
        actions = ATTACK + e
        pad = (0.0,) * e
        reach = move_amount * POINT
        way = torch.tensor([[*_DX, *pad], [*_DY, *pad]], device=tables.device)
        self._way = (way * reach).round()  # [2,A]
        own = torch.arange(n, device=tables.device)[:, None]
        target = own.repeat(1, actions)
        target[:, ATTACK:] = n + torch.arange(e, device=tables.device)
        self._target = target.view(-1)  # [N*A] long
        counts = torch.ones(n, actions, dtype=torch.bool, device=tables.device)
        counts[:, NO_OP] = False
        counts[:, ATTACK:] = tables.hits
        self._counts = counts.view(-1)
        self._row = own * actions

    def give(
        self, action: Tensor, position: Tensor, goal: Tensor, target: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Returns new goals `[2,N,B]` and targets `[N,B]` of the agents.

        Args:
          action: `[N,B]` long.
          position, goal: `[2,N,B]` points.
          target: `[N,B]` long.
        """
        entry = action + self._row
        counts = self._counts[entry]
        wanted = position + self._way[:, action]
        return (
            torch.where(counts, wanted, goal),
            torch.where(counts, self._target[entry], target),
        )


def advance(
    tables: Tables,
    position: Tensor,
    goal: Tensor,
    target: Tensor,
    engaged: Tensor,
    keep: Tensor,
    mobile: Tensor,
    alive: Tensor,
) -> Tensor:
    """Moves all units for one loop.

    Every unit walks towards its target until that is in range, or else to its goal;
    units of one plane that overlap are pushed apart, half the overlap each; a unit that
    would leave the ground slides along it (only its x, or else only its y changes), or
    stays.

    Args:
      tables: the map's constants.
      position, goal: `[2,U,B]` points.
      target: `[U,B]` long.
      engaged: `[U,B]` bool, whether the unit goes for its target.
      keep: `[U,B]` distance at which a target is in range.
      mobile: `[U,B]` bool, whether the unit may walk.
      alive: `[U,B]` bool; only living units push others.

    Returns:
      Positions `[2,U,B]` after the loop.
    """
    to = torch.where(engaged, position.gather(1, target.expand_as(position)), goal)
    to = to - position
    far = to.square().sum(0).sqrt()
    way = torch.where(engaged, far - (keep - _INSIDE), far).clamp(min=0.0)
    way = torch.minimum(way, tables.stride) * mobile
    step = (to * (way / far.clamp(min=1.0))).round()
    moved = (position + step + _push(tables, position, alive)).clamp(0.0, _EDGE)
    return _on_ground(tables, position, moved)


def _push(tables: Tables, position: Tensor, alive: Tensor) -> Tensor:
    """Returns how far each unit is pushed, `[2,U,B]` points."""
    first, second = tables.first, tables.second
    between = position.index_select(1, first) - position.index_select(1, second)
    near = between.square().sum(0).sqrt()
    overlap = (tables.apart - near).clamp(min=0.0)
    overlap = overlap * (alive.index_select(0, first) & alive.index_select(0, second))
    shift = (between * (overlap * 0.5 / near.clamp(min=1.0))).round()
    push = torch.zeros_like(position)
    return push.index_add_(1, first, shift).index_add_(1, second, shift, alpha=-1)


def _on_ground(tables: Tables, old: Tensor, new: Tensor) -> Tensor:
    """Returns `new` where it is walkable, else a slide along the ground, else `old`."""
    cell = (new * (1 / POINT)).int()
    was = (old * (1 / POINT)).int()
    base = tables.plane
    full = cell[1] * SIDE + cell[0] + base
    # The cells of the two slides: that of the whole step, less its way along y or x.
    back = was - cell
    index = torch.stack([full, full + back[1] * SIDE, full + back[0]])
    free = tables.ground.index_select(0, index.view(-1)).view(index.shape)
    whole, along_x, along_y = free.unbind(0)
    go_x = whole | along_x
    go_y = whole | (along_y & ~along_x)
    return torch.where(torch.stack([go_x, go_y]), new, old)
