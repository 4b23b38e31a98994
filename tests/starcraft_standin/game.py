"""Requests of the game's API become responses: what SMAC asks for, and no more."""

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from s2clientprotocol import common_pb2, error_pb2, raw_pb2, sc2api_pb2

from games.environments.combat.maps import SIDE
from tests.starcraft_standin.installation import BUILD, Settings
from tests.starcraft_standin.world import (
    AGENTS,
    ENEMIES,
    SCENARIOS,
    Refused,
    Shown,
    World,
)

STOP, MOVE, ATTACK = 4, 16, 23  # abilities
# What agents control are types of the map's own, in the order of NDQ's unit data.
OWN_TYPES = {"baneling": 0, "overlord": 1, "roach": 2, "marine": 0}
TYPES = {"hydralisk": 107, "medivac": 54, "reaper": 49, "marine": 48}  # the game's

Answer = Callable[[Any], Any]


class Fault(Exception):
    """A request that the game answers with an error."""


class Game:
    """One process of the game and, once created, the world in it.

    Attributes:
      status: as in every response.
    """

    def __init__(self, settings: Settings) -> None:
        """Waits for a map."""
        self._settings = settings
        self.status = sc2api_pb2.launched
        self._name = ""
        self._seed: int | None = None
        self._world: World | None = None
        self._answers: dict[str, Answer] = {
            "ping": self._ping,
            "create_game": self._create,
            "join_game": self._join,
            "game_info": self._info,
            "observation": self._observe,
            "action": self._act,
            "step": self._step,
            "debug": self._debug,
            "save_replay": self._replay,
        }

    def answer(self, request: sc2api_pb2.Request) -> sc2api_pb2.Response:
        """The response to any request, errors included."""
        response = sc2api_pb2.Response()
        if request.HasField("id"):
            response.id = request.id
        kind = request.WhichOneof("request")
        try:
            if kind not in self._answers:
                raise Fault(f"the stand-in knows no request {kind}")
            inner = self._answers[kind](getattr(request, kind))
            getattr(response, kind).CopyFrom(inner)
        except (Fault, Refused) as error:
            response.error.append(str(error))
        response.status = self.status
        return response

    @property
    def _running(self) -> World:
        if self._world is None:
            raise Fault("no game has been joined")
        return self._world

    def _ping(self, _: object) -> sc2api_pb2.ResponsePing:
        return sc2api_pb2.ResponsePing(
            game_version="4.6.2", data_build=BUILD, base_build=BUILD
        )

    def _create(
        self, request: sc2api_pb2.RequestCreateGame
    ) -> sc2api_pb2.ResponseCreateGame:
        answer = sc2api_pb2.ResponseCreateGame()
        path = PurePosixPath(request.local_map.map_path)
        kinds = [setup.type for setup in request.player_setup]
        if not request.local_map.map_path:
            answer.error = sc2api_pb2.ResponseCreateGame.MissingMap
        elif path.stem not in SCENARIOS or path.suffix != ".SC2Map":
            answer.error = sc2api_pb2.ResponseCreateGame.InvalidMapPath
            answer.error_details = f"no map {path}; there are {[*SCENARIOS]}"
        elif kinds != [sc2api_pb2.Participant, sc2api_pb2.Computer]:
            answer.error = sc2api_pb2.ResponseCreateGame.InvalidPlayerSetup
        else:
            self._name, self._world = path.stem, None
            seeded = request.HasField("random_seed")
            self._seed = request.random_seed if seeded else None
            self.status = sc2api_pb2.init_game
        return answer

    def _join(self, request: sc2api_pb2.RequestJoinGame) -> sc2api_pb2.ResponseJoinGame:
        if self.status != sc2api_pb2.init_game:
            raise Fault("no game to join")
        if not request.options.raw:
            raise Fault("the stand-in has the raw interface only")
        self._world = World(
            SCENARIOS[self._name],
            self._seed,
            missing=self._settings.missing_units,
            late=self._settings.late_loops,
        )
        self.status = sc2api_pb2.in_game
        return sc2api_pb2.ResponseJoinGame(player_id=AGENTS)

    def _info(self, _: object) -> sc2api_pb2.ResponseGameInfo:
        world = self._running
        info = sc2api_pb2.ResponseGameInfo(
            map_name=self._name, local_map_path=f"{self._name}.SC2Map"
        )
        raw = info.start_raw
        raw.map_size.x = raw.map_size.y = SIDE
        raw.playable_area.p1.x = raw.playable_area.p1.y = SIDE
        walkable = _image(world.ground, self._settings.pathing_bits)
        raw.pathing_grid.CopyFrom(walkable)
        raw.placement_grid.CopyFrom(walkable)
        height = bytes(127 * cell for row in reversed(world.ground) for cell in row)
        raw.terrain_height.CopyFrom(_grid(8, height))
        for player, kind in (
            (AGENTS, sc2api_pb2.Participant),
            (ENEMIES, sc2api_pb2.Computer),
        ):
            info.player_info.add(player_id=player, type=kind)
        return info

    def _observe(self, _: object) -> sc2api_pb2.ResponseObservation:
        world = self._running
        answer = sc2api_pb2.ResponseObservation()
        answer.observation.game_loop = world.loops
        answer.observation.player_common.player_id = AGENTS
        base = self._settings.type_base
        units = [_unit(shown, base) for shown in world.units()]
        answer.observation.raw_data.units.extend(units)
        return answer

    def _act(self, request: sc2api_pb2.RequestAction) -> sc2api_pb2.ResponseAction:
        results = [self._order(action) for action in request.actions]
        return sc2api_pb2.ResponseAction(result=results)

    def _order(self, action: sc2api_pb2.Action) -> int:
        command = action.action_raw.unit_command
        target = command.WhichOneof("target")
        world = self._running
        try:
            for tag in command.unit_tags:
                if command.ability_id == STOP and target is None:
                    world.stop(tag)
                elif command.ability_id == MOVE and target == "target_world_space_pos":
                    point = command.target_world_space_pos
                    world.move(tag, point.x, point.y)
                elif command.ability_id == ATTACK and target == "target_unit_tag":
                    world.attack(tag, command.target_unit_tag)
                else:
                    return error_pb2.NotSupported
        except Refused:
            return error_pb2.Error
        return error_pb2.Success

    def _step(self, request: sc2api_pb2.RequestStep) -> sc2api_pb2.ResponseStep:
        world = self._running
        world.advance(max(1, request.count))
        return sc2api_pb2.ResponseStep(simulation_loop=world.loops)

    def _debug(self, request: sc2api_pb2.RequestDebug) -> sc2api_pb2.ResponseDebug:
        world = self._running
        for command in request.debug:
            kind = command.WhichOneof("command")
            if kind == "kill_unit":
                world.kill(command.kill_unit.tag)
            elif kind == "create_unit":
                new = command.create_unit
                name = self._name_of(new.unit_type)
                place = (new.pos.x, new.pos.y)
                world.create(name, new.owner, *place, count=new.quantity)
            else:
                raise Fault(f"the stand-in knows no debug command {kind}")
        return sc2api_pb2.ResponseDebug()

    def _name_of(self, unit_type: int) -> str:
        """The unit of player 1 that has this type on the map."""
        for shown in self._running.units():
            if _type_of(shown, self._settings.type_base) == unit_type:
                return shown.name
        raise Fault(f"no unit type {unit_type} on this map")

    def _replay(self, _: object) -> sc2api_pb2.ResponseSaveReplay:
        self._running  # noqa: B018 - without a game there is no replay
        return sc2api_pb2.ResponseSaveReplay(data=b"no replay: a stand-in")


def _type_of(shown: Shown, base: int) -> int:
    own = shown.owner == AGENTS
    return base + OWN_TYPES[shown.name] if own else TYPES[shown.name]


def _unit(shown: Shown, base: int) -> raw_pb2.Unit:
    own = shown.owner == AGENTS
    return raw_pb2.Unit(
        display_type=raw_pb2.Visible,
        alliance=raw_pb2.Self if own else raw_pb2.Enemy,
        tag=shown.tag,
        unit_type=_type_of(shown, base),
        owner=shown.owner,
        pos=common_pb2.Point(x=shown.x, y=shown.y),
        radius=shown.type.radius,
        build_progress=1.0,
        health=shown.health,
        health_max=shown.type.health,
        energy=shown.energy,
        energy_max=shown.type.energy_cap,
        is_flying=shown.type.flies,
        weapon_cooldown=shown.cooldown,
    )


def _image(ground: list[list[bool]], bits: int) -> common_pb2.ImageData:
    """A pathing grid: set bits and rows from the south, or, older, what blocks."""
    if bits == 8:
        blocked = [255 * (not cell) for row in reversed(ground) for cell in row]
        return _grid(8, bytes(blocked))
    cells = "".join(str(int(cell)) for row in ground for cell in row)
    return _grid(1, int(cells, 2).to_bytes(len(cells) // 8, "big"))


def _grid(bits: int, data: bytes) -> common_pb2.ImageData:
    size = common_pb2.Size2DI(x=SIDE, y=SIDE)
    return common_pb2.ImageData(bits_per_pixel=bits, size=size, data=data)
