"""pysc2's own client, told what SMAC tells it. Import it where pysc2 is installed."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from absl import flags
from pysc2 import run_configs
from s2clientprotocol import common_pb2, debug_pb2, raw_pb2, sc2api_pb2

from tests.starcraft_standin.game import ATTACK, MOVE, STOP

if not flags.FLAGS.is_parsed():
    flags.FLAGS(sys.argv[:1])


@contextlib.contextmanager
def launched(sc2: Path, *, timeout: int = 60) -> Iterator[Any]:
    """The controller of a process that pysc2 starts, and ends afterwards."""
    before = os.environ.get("SC2PATH")
    os.environ["SC2PATH"] = str(sc2)
    try:
        config = run_configs.get()
        process = config.start(want_rgb=False, timeout_seconds=timeout)
    finally:
        os.environ.pop("SC2PATH")
        if before is not None:
            os.environ["SC2PATH"] = before
    try:
        yield process.controller
    finally:
        process.close()


def create(controller: Any, name: str, *, seed: int = 0, data: bytes = b"map") -> None:
    """Asks for a map."""
    local = sc2api_pb2.LocalMap(map_path=f"SMAC_Maps/{name}.SC2Map", map_data=data)
    request = sc2api_pb2.RequestCreateGame(
        local_map=local, realtime=False, random_seed=seed
    )
    request.player_setup.add(type=sc2api_pb2.Participant)
    request.player_setup.add(
        type=sc2api_pb2.Computer,
        race=common_pb2.Terran,
        difficulty=sc2api_pb2.Hard,
    )
    controller.create_game(request)


def join(controller: Any, name: str, **create_options: Any) -> None:
    """Starts a game on a map."""
    create(controller, name, **create_options)
    options = sc2api_pb2.InterfaceOptions(raw=True, score=False)
    request = sc2api_pb2.RequestJoinGame(race=common_pb2.Terran, options=options)
    controller.join_game(request)


def units(controller: Any, owner: int) -> list[Any]:
    """What an observation shows of a player."""
    shown = controller.observe().observation.raw_data.units
    return [unit for unit in shown if unit.owner == owner]


def order(
    controller: Any,
    tag: int,
    *,
    to: tuple[float, float] | None = None,
    attack: int | None = None,
) -> int:
    """Moves or attacks, or stops; returns the game's `ActionResult`."""
    command = raw_pb2.ActionRawUnitCommand(ability_id=STOP, unit_tags=[tag])
    if to is not None:
        command.ability_id = MOVE
        command.target_world_space_pos.x, command.target_world_space_pos.y = to
    if attack is not None:
        command.ability_id = ATTACK
        command.target_unit_tag = attack
    raw = raw_pb2.ActionRaw(unit_command=command)
    request = sc2api_pb2.RequestAction(actions=[sc2api_pb2.Action(action_raw=raw)])
    return controller.actions(request).result[0]


def kill(controller: Any, tags: list[int]) -> None:
    """Kills units by a debug command."""
    killed = debug_pb2.DebugKillUnit(tag=tags)
    controller.debug(debug_pb2.DebugCommand(kill_unit=killed))


def make(controller: Any, unit_type: int, x: float, y: float, owner: int = 1) -> None:
    """Creates a unit by a debug command."""
    place = common_pb2.Point2D(x=x, y=y)
    new = debug_pb2.DebugCreateUnit(
        unit_type=unit_type, owner=owner, pos=place, quantity=1
    )
    controller.debug(debug_pb2.DebugCommand(create_unit=new))
