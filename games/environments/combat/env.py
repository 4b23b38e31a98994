"""Combat: a small army of agents against scripted enemies, after SMAC.

It replaces StarCraft II and does not need it: units, maps and sizes are the game's and
SMAC's; collision, turning, missiles and the enemies' script are simplified (BUILD.md
lists how). An environment step is `step_mul` game loops, and a loop is:

1. Enemies turn on the nearest agent that they notice and keep it while they can.
2. Units with a target walk until it is in range, other agents walk to where they were
   sent, other enemies back to their post. Units that overlap push each other apart.
3. Weapons aim, hit and reload. All hits land at once.
4. Banelings that reached their target, or were killed, explode.
5. Healers heal, and units of the Zerg regenerate.

How uniform numbers u in [0, 1) become chance (the tests' reference reads them alike):

* start: a group of units takes three: the region floor(u_0 * regions), and the point
  u_1, u_2 of the way from its west to its east and from its south to its north side;
* step: each unit takes one: its reload lasts floor(4 u) - 1 loops longer.

Source: STARCRAFT notes on oxwhirl/smac, NDQ's maps and SC2GameData; `units`, `maps`.
"""

from typing import TypeVar

import torch
from torch import Tensor

from games.engine.env import Observation, Signal
from games.engine.spec import EnvSpec
from games.environments.combat.config import CombatConfig
from games.environments.combat.fighting import (
    SLOP,
    acquire,
    damage,
    distance_to_target,
    distances,
    explode,
    heal,
    strike,
)
from games.environments.combat.maps import MAPS
from games.environments.combat.movement import STOP, Orders, advance
from games.environments.combat.observe import Observer, Ranges, num_actions_of
from games.environments.combat.spawn import Spawner
from games.environments.combat.state import CombatState, Loop
from games.environments.combat.tables import Tables

T = TypeVar("T")

_KILL, _WIN, _SCALE = 10.0, 200.0, 20.0  # SMAC's reward_death_value, _win, scale_rate


class Combat:
    """Combat as a `games.engine.env.CommEnv`, in which only the agents are players.

    Attributes:
      config, spec, device: the rules, the sizes, and where all tensors live.
      layout: where things are in `state`, for teachers.
      map: the scenario.
      tables: the scenario's constants.
    """

    def __init__(
        self, config: CombatConfig | None = None, *, device: torch.device | str = "cpu"
    ) -> None:
        """Builds the tables of `config` on `device`."""
        self.config = config = config or CombatConfig()
        self.device = torch.device(device)
        self.map = combat_map = MAPS[config.map]
        self.tables = tables = Tables(combat_map, self.device)
        actions = num_actions_of(combat_map)
        ranges = Ranges(
            sight=_or(config.sight_range, combat_map.sight),
            shoot=_or(config.shoot_range, combat_map.shoot),
            move_amount=config.move_amount,
            all_health=_or(config.all_health, combat_map.all_health),
            own_position=config.own_position,
        )
        kinds = len(combat_map.kinds[0])
        self._observer = Observer(tables, ranges, actions, kinds)
        self._orders = Orders(tables, config.move_amount)
        self._spawner = Spawner(tables)
        self.layout = self._observer.layout
        n, e = tables.num_agents, tables.num_enemies
        health = sum(unit.health for unit in tables.units[n:])
        self._reward_unit = (e * _KILL + _WIN + health) / _SCALE
        self._decisive = torch.tensor(
            [name in combat_map.decisive for name in combat_map.enemies]
            if combat_map.decisive
            else [True] * e,
            device=self.device,
        )
        self._strangers = ~torch.eye(n, dtype=torch.bool, device=self.device)
        self.spec = EnvSpec(
            name="combat",
            num_agents=n,
            obs_size=self._observer.obs_size,
            state_size=self.layout.size,
            num_actions=actions,
            episode_limit=config.extent.episode_limit,
            reset_noise=self._spawner.noise,
            step_noise=n + e,
            least_reward=0.0,
        )

    def reset(self, noise: Tensor) -> CombatState:
        """Starts B worlds from `noise` [B, 3 * groups]."""
        position, goal = self._spawner.place(noise)
        tables, size = self.tables, noise.shape[0]
        units = len(tables.units)
        zeros = torch.zeros(size, units, device=self.device)
        none = torch.full(
            (size, tables.num_agents), self.spec.num_actions, device=self.device
        )
        return CombatState(
            position=position,
            goal=goal,
            target=tables.own.t().expand(size, units),
            health=tables.full_health.t().expand(size, units),
            energy=tables.energy.t().expand(size, units),
            cooldown=zeros,
            windup=zeros,
            last_action=none,
            time=torch.zeros(size, dtype=torch.long, device=self.device),
        )

    def transition(
        self, state: CombatState, action: Tensor, noise: Tensor
    ) -> tuple[CombatState, Signal]:
        """Plays one step.

        Args:
          state: B worlds.
          action: `[B,N]` long: 0 no-op, 1 stop, 2..5 north, south, east, west, 6 + e
            attack enemy e. Living agents with a no-op follow their last order.
          noise: `[B,U]` uniform in [0, 1).

        Returns:
          The worlds after the step, and what it paid.
        """
        n = self.tables.num_agents
        loop = self.begin(state)
        goal, target = self._orders.give(
            action.t().contiguous(),
            loop.position[:, :n],
            loop.goal[:, :n],
            loop.target[:n],
        )
        loop.idle = action.t() == STOP
        # A weapon that gets a new target must aim again.
        loop.windup = torch.cat(
            [loop.windup[:n] * (target == loop.target[:n]), loop.windup[n:]]
        )
        loop.goal = torch.cat([goal, loop.goal[:, n:]], 1)
        loop.target = torch.cat([target, loop.target[n:]])
        reload = self.reload(noise)
        before = loop.health[n:]
        for _ in range(self.config.step_mul):
            self.advance(loop, reload)
        moved = loop.state(action, state.time + 1)
        return moved, self.signal(before, loop.health, moved.time)

    def observe(self, state: CombatState) -> Observation:
        """Returns what every agent sees around it, and the state for critics."""
        n = self.tables.num_agents
        obs, shown, available = self._observer.show(
            state.position.permute(2, 1, 0).contiguous(),
            state.health.t().contiguous(),
            state.cooldown.t().contiguous(),
            state.last_action,
        )
        alive = state.health[:, :n] > 0.0
        return Observation(
            obs=obs,
            state=shown,
            available=available,
            alive=alive,
            fresh=(state.time == 0)[:, None].expand(-1, n),
            links=alive[:, :, None] & alive[:, None] & self._strangers,
        )

    def begin(self, state: CombatState) -> Loop:
        """Converts `state` to be played loop by loop; no agent is told to stop yet."""
        loop = Loop(state)
        shape = (self.tables.num_agents, loop.health.shape[1])
        loop.idle = torch.zeros(shape, dtype=torch.bool, device=self.device)
        loop.gap = distances(self.tables, loop.position)
        return loop

    def reload(self, noise: Tensor) -> Tensor:
        """Returns the loops that each weapon reloads in a step of `noise` [B,U]."""
        reload = self.tables.reload
        if not self.config.random_delay:
            return reload
        return reload + (noise.t() * 4.0).floor() - 1.0

    def advance(self, loop: Loop, reload: Tensor) -> None:
        """Plays one game loop, in the order of the module's docstring."""
        tables, n = self.tables, self.tables.num_agents
        living = loop.health > 0.0
        turned = acquire(tables, loop.gap, loop.target[n:], living[:n])
        target = torch.cat([loop.target[:n], turned])
        engaged = (target != tables.own) & living & living.gather(0, target)
        # An agent that was told to stop, or whose target died, may be pushed away.
        over = (target != tables.own) & ~engaged
        target = torch.where(over, tables.own, target)
        idle = over[:n] | loop.idle
        stopped = torch.where(idle, loop.position[:, :n], loop.goal[:, :n])
        loop.goal = torch.cat([stopped, loop.goal[:, n:]], 1)
        loop.target = target
        pair = tables.row + target
        keep = tables.reach.index_select(0, pair.view(-1)).view(pair.shape)
        mobile = living & (loop.windup == 0.0)
        loop.position = advance(
            tables, loop.position, loop.goal, target, engaged, keep, mobile, living
        )
        loop.gap = distances(tables, loop.position)
        far = distance_to_target(tables, loop.gap, target)
        in_range = engaged & (far <= keep + (loop.windup > 0.0) * SLOP)
        hit, loop.cooldown, loop.windup = strike(
            in_range, loop.cooldown, loop.windup, tables.aim, reload
        )
        lost = damage(tables, hit, pair, target)
        if tables.explodes:
            lost = explode(tables, loop.gap, hit, loop.health, lost)
        health = (loop.health - lost).clamp(min=0.0)
        if tables.healers:
            health, energy = heal(tables, loop.position, health, loop.energy)
            energy = energy + tables.energy_regeneration
            loop.energy = torch.minimum(energy, tables.energy_cap)
        more = torch.minimum(health + tables.regeneration, tables.full_health)
        loop.health = more * (health > 0.0)

    def signal(self, before: Tensor, health: Tensor, time: Tensor) -> Signal:
        """Returns SMAC's reward and end: `before` [E,B], `health` [U,B], `time` [B].

            reward = (|enemies' loss + 10 kills| + 200 win) / (most to be had / 20)

        The absolute value is SMAC's: healing of enemies pays the agents, too.
        """
        n = self.tables.num_agents
        after = health[n:]
        killed = ((before > 0.0) & (after == 0.0)).sum(0)
        survivors = (health[:n] > 0.0).any(0)
        enemies = (after > 0.0).any(0)
        won = ~((after > 0.0) & self._decisive[:, None]).any(0)
        if self.map.needs_survivor:
            won = won & survivors
        reward = ((before - after).sum(0) + _KILL * killed).abs() + _WIN * won
        reward = reward * (1.0 / self._reward_unit)
        over = won | ~survivors | ~enemies | (time >= self.spec.episode_limit)
        return Signal(reward, reward[:, None].expand(-1, n), over, won)


def _or(value: T | None, default: T) -> T:
    return default if value is None else value
