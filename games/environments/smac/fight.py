"""Oxwhirl's SMAC with NDQ's maps and rules; only worker processes import this."""

import random
from operator import attrgetter
from typing import Any

import numpy as np

from games.environments.combat.maps import MAPS
from games.environments.smac.config import NDQ_MAPS, SmacConfig

HYDRALISK, MEDIVAC = 107, 54  # the game's own ids, the same in every build
_SPAWN_LOOPS = 200  # 12 seconds of the game; the maps' triggers need two or three


_Base: Any = object  # StarCraft2Env follows it in the order of resolution


class GameLostError(Exception):
    """Raised when a game cannot go on: its process is gone, or units are missing."""


class _Rules(_Base):
    """Overrides of StarCraft2Env; a lost game raises an error and launches no other."""

    config: SmacConfig
    extra: int
    own_position: bool
    lost: tuple[type[Exception], ...]

    def reset(self) -> Any:
        if self._sc2_proc is not None:  # a reset in mid-episode launches nothing
            self._episode_count: int = max(1, self._episode_count)
        return super().reset()

    def full_restart(self) -> None:
        raise GameLostError("the connection to the game broke")

    def unit_sight_range(self, agent_id: int) -> float:
        return self.config.sight()

    def unit_shoot_range(self, agent_id: int) -> float:
        return self.config.shoot()

    def init_units(self) -> None:
        self._await_units(self.n_agents - self.extra)
        if self.extra:
            self._reinforce()
            self._await_units(self.n_agents)
        ours = sorted(self._units(1), key=attrgetter("unit_type", "pos.x", "pos.y"))
        theirs = self._units(2)
        self.agents = dict(enumerate(ours))
        self.enemies = dict(enumerate(theirs))
        self._unit_types = [unit.unit_type for unit in ours + theirs]
        self._init_ally_unit_types(min(unit.unit_type for unit in ours))
        health = sum(unit.health_max + unit.shield_max for unit in theirs)
        kills = self.n_enemies * self.reward_death_value
        self.max_reward = kills + self.reward_win + health

    def _units(self, owner: int) -> list[Any]:
        units = self._obs.observation.raw_data.units
        return [unit for unit in units if unit.owner == owner]

    def _await_units(self, agents: int) -> None:
        for _ in range(_SPAWN_LOOPS):
            found = len(self._units(1)), len(self._units(2))
            if found == (agents, self.n_enemies):
                return
            self._advance(1)
        raise GameLostError(
            f"{self.config.map}: {found[0]} agents and {found[1]} enemies came,"
            f" not {agents} and {self.n_enemies}"
        )

    def _advance(self, loops: int) -> None:
        try:
            self._controller.step(loops)
            self._obs = self._controller.observe()
        except self.lost as error:
            raise GameLostError(str(error)) from error

    def _reinforce(self) -> None:
        from s2clientprotocol import common_pb2, debug_pb2

        # The overlord has the lowest id of its map; roaches and banelings the
        # highest of theirs.
        kind = max(unit.unit_type for unit in self._units(1))
        x, y = self._place_of_extra(kind)
        create = debug_pb2.DebugCreateUnit(
            unit_type=kind,
            owner=1,
            pos=common_pb2.Point2D(x=x, y=y),
            quantity=self.extra,
        )
        try:
            self._controller.debug([debug_pb2.DebugCommand(create_unit=create)])
        except self.lost as error:
            raise GameLostError(str(error)) from error
        self._advance(1)

    def _place_of_extra(self, kind: int) -> tuple[float, float]:
        """Returns a region of its own, or a place beside its kind, as `combat` does."""
        group = [g for g in MAPS[self.config.map].groups if g.agents][-1]
        if len(group.agents) == self.extra:
            west, east, south, north = random.choice(group.regions)
            return random.uniform(west, east), random.uniform(south, north)
        beside = random.choice([u for u in self._units(1) if u.unit_type == kind])
        return beside.pos.x, beside.pos.y

    def get_obs_size(self) -> int:
        return int(super().get_obs_size()) + 2 * self.own_position

    def get_obs_agent(self, agent_id: int) -> Any:
        shown = super().get_obs_agent(agent_id)
        if not self.own_position:
            return shown
        unit, place = self.get_unit_by_id(agent_id), np.zeros(2, np.float32)
        if unit.health > 0:
            place[0] = (unit.pos.x - self.map_x / 2) / self.max_distance_x
            place[1] = (unit.pos.y - self.map_y / 2) / self.max_distance_y
        return np.concatenate((shown, place))

    def _init_ally_unit_types(self, min_unit_type: int) -> None:
        super()._init_ally_unit_types(min_unit_type)
        if self.map_type == "bZ_hM":  # SMAC scales a unit's cooldown by its type id
            self.baneling_id = min_unit_type

    def get_unit_type_id(self, unit: Any, ally: bool) -> int:
        if self.map_type == "bZ_hM":
            return 0 if ally else int(unit.unit_type != HYDRALISK)
        if self.map_type == "overload_roach":
            return int(ally and unit.unit_type == self._min_unit_type)
        return int(super().get_unit_type_id(unit, ally))

    def update_units(self) -> int | None:
        code: int | None = super().update_units()
        if self.map_type == "bZ_hM":  # a win comes first: banelings die as they win
            living = [u.unit_type for u in self.enemies.values() if u.health > 0]
            if living and all(kind == MEDIVAC for kind in living):
                return 1
        return code

    def process_id(self) -> int | None:
        return self._sc2_proc.pid if self._sc2_proc else None


def make_fight(config: SmacConfig) -> Any:
    """Builds an unstarted game.

    Raises:
      ValueError: SMAC has no map of that name.
    """
    from pysc2.lib import protocol
    from smac.env import StarCraft2Env
    from smac.env.starcraft2.maps import smac_maps

    known = smac_maps.get_smac_map_registry()
    for name, ndq in NDQ_MAPS.items():
        if name not in known:
            known[name] = ndq.parameters()
            # pysc2 finds maps by weak references: without this one they would be lost.
            of_map = type(name, (smac_maps.SMACMap,), {"filename": ndq.file})
            setattr(smac_maps, name, of_map)
    if config.map not in known:
        raise ValueError(
            f"smac.map is {config.map!r}, must be one of {', '.join(known)}"
        )
    lost = (protocol.ProtocolError, protocol.ConnectionError)
    ndq_map = NDQ_MAPS.get(config.map)
    extra = ndq_map.extra if ndq_map else 0

    members = {
        "config": config,
        "lost": lost,
        "extra": extra,
        "own_position": config.own_position,
    }
    fight = type("Fight", (_Rules, StarCraft2Env), members)
    return fight(
        map_name=config.map,
        difficulty=config.difficulty,
        obs_all_health=config.shows_health(),
        obs_own_health=True,
    )
