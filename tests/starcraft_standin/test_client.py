"""pysc2's own client launches the stand-in and talks to it as SMAC does."""

import pytest
import torch

pytest.importorskip("pysc2")

from pysc2.lib import protocol, remote_controller
from s2clientprotocol import error_pb2, sc2api_pb2

from tests.starcraft_standin import client
from tests.starcraft_standin.installation import (
    UNKNOWN_MAP,
    alive,
    install,
    processes,
    requests,
)
from tests.starcraft_standin.world import SCENARIOS, World


def test_a_game_from_launch_to_quit(tmp_path):
    sc2 = install(tmp_path)
    with client.launched(sc2) as game:
        assert game.ping().base_build == 69232
        client.join(game, "3m", data=bytes(70_003))  # a real map is as long
        info = game.game_info()
        assert (info.start_raw.map_size.x, info.map_name) == (32, "3m")
        ours, theirs = client.units(game, 1), client.units(game, 2)
        assert [len(ours), len(theirs)] == [3, 3]
        assert {u.unit_type for u in theirs} == {48}
        assert [alive(sc2), len(processes(sc2))] == [processes(sc2), 1]

        runner, fighter = ours[0], ours[1]
        goal = (runner.pos.x - 2, runner.pos.y)
        assert client.order(game, runner.tag, to=goal) == error_pb2.Success
        assert (
            client.order(game, fighter.tag, attack=theirs[0].tag) == error_pb2.Success
        )
        assert game.step(8).simulation_loop == 8
        after = {u.tag: u for u in client.units(game, 1)}
        # 2.25 cells a second, and half a second
        assert after[runner.tag].pos.x == pytest.approx(runner.pos.x - 1.125, abs=1e-3)
        assert after[fighter.tag].pos.x > fighter.pos.x
        assert game.observe().observation.game_loop == 8
        assert game.save_replay()
    assert not alive(sc2)
    assert requests(sc2)[0][:3] == ["ping", "ping", "create_game"]
    assert requests(sc2)[0][-1] == "quit"


def test_what_is_shown_is_the_world_as_it_is(tmp_path):
    random, compared = torch.Generator().manual_seed(5), 0
    with client.launched(install(tmp_path)) as game:
        for seed, name in enumerate(SCENARIOS):  # a process may start many games
            client.join(game, name, seed=seed)
            world = World(SCENARIOS[name], seed)
            for _ in range(40):
                units = list(world.units())
                shown = client.units(game, 1) + client.units(game, 2)
                assert [seen(unit) for unit in shown] == [known(unit) for unit in units]
                compared += len(units)
                theirs = [unit for unit in units if unit.owner == 2]
                for unit in (unit for unit in units if unit.owner == 1):
                    dx, dy, kind = torch.randn(3, generator=random).tolist()
                    if kind > 0 and unit.type.reach > 0 and theirs:
                        goal = {"attack": theirs[0].tag}
                        world.attack(unit.tag, theirs[0].tag)
                    else:
                        x, y = float32(unit.x + dx), float32(unit.y + dy)
                        goal = {"to": (x, y)}
                        world.move(unit.tag, x, y)
                    assert client.order(game, unit.tag, **goal) == error_pb2.Success
                game.step(7)
                world.advance(7)
    assert compared > 500


def float32(value):
    return torch.tensor(value).item()


def seen(unit):
    """The fields of an observed unit that change, and who it is."""
    rest = (unit.energy, unit.weapon_cooldown, unit.health_max, unit.is_flying)
    return unit.tag, unit.owner, unit.pos.x, unit.pos.y, unit.health, *rest


def known(unit):
    """The same of the world's."""
    rest = (unit.energy, unit.cooldown, unit.type.health, unit.type.flies)
    return unit.tag, unit.owner, unit.x, unit.y, unit.health, *rest


@pytest.mark.parametrize("bits", [1, 8])
def test_the_pathing_grid_is_laid_out_as_builds_do(bits, tmp_path):
    with client.launched(install(tmp_path, pathing_bits=bits)) as game:
        client.join(game, "bane_vs_hM")
        grid = game.game_info().start_raw.pathing_grid
    assert (grid.bits_per_pixel, grid.size.x, grid.size.y) == (bits, 32, 32)

    def walkable(x, y):
        if bits == 8:  # what blocks, from north to south
            return not grid.data[(31 - y) * 32 + x]
        return bool(grid.data[y * 4 + x // 8] >> (7 - x % 8) & 1)

    assert walkable(15, 4)  # the stem
    assert not walkable(14, 4)
    assert not walkable(17, 4)
    assert walkable(0, 30)  # the bar
    assert not walkable(0, 28)
    assert walkable(12, 28)
    assert not walkable(11, 28)


def test_killing_everybody_makes_the_trigger_spawn_anew(tmp_path):
    with client.launched(install(tmp_path)) as game:
        client.join(game, "bane_vs_hM", seed=3)
        first = client.units(game, 1) + client.units(game, 2)
        assert sorted(u.unit_type for u in first) == [54, 107, 1970, 1970, 1970]
        client.kill(game, [u.tag for u in first])
        assert not client.units(game, 1) + client.units(game, 2)
        game.step(2)
        second = client.units(game, 1) + client.units(game, 2)
        assert len(second) == len(first)
        assert not {u.tag for u in first} & {u.tag for u in second}
        assert {u.pos.x for u in first} != {u.pos.x for u in second}


@pytest.mark.parametrize(("name", "own"), [("bane_vs_hM", 2010), ("1o_2r_vs_4r", 2012)])
def test_debug_commands_make_a_fourth_agent_each_episode(name, own, tmp_path):
    with client.launched(install(tmp_path, type_base=2010)) as game:
        client.join(game, name)
        for _ in range(2):
            before = client.units(game, 1)
            assert max(u.unit_type for u in before) == own
            x, y = before[-1].pos.x, before[-1].pos.y
            client.make(game, own, x, y)
            assert len(client.units(game, 1)) == 3
            game.step(1)
            after = client.units(game, 1)
            assert [u.unit_type for u in after] == [*(u.unit_type for u in before), own]
            assert after[-1].tag not in {u.tag for u in before}
            with pytest.raises(protocol.ProtocolError, match="no room"):
                client.make(game, own, x, y)
            client.kill(game, [u.tag for u in after + client.units(game, 2)])
            game.step(2)


def test_what_an_agent_cannot_do_is_refused_and_changes_nothing(tmp_path):
    with client.launched(install(tmp_path)) as game:
        client.join(game, "1o_2r_vs_4r")
        overlord = client.units(game, 1)[0]
        reaper = client.units(game, 2)[0]
        assert client.order(game, overlord.tag, attack=reaper.tag) == error_pb2.Error
        assert client.order(game, reaper.tag, to=(1, 1)) == error_pb2.Error
        assert client.order(game, 999) == error_pb2.Error
        game.step(8)
        (still,) = (u for u in client.units(game, 1) if u.tag == overlord.tag)
        assert still.pos == overlord.pos


def test_unknown_requests_are_answered_with_an_error(tmp_path):
    with client.launched(install(tmp_path)) as game:
        with pytest.raises(protocol.ProtocolError, match="no request available_maps"):
            game.available_maps()
        assert game.ping()  # it goes on
        client.join(game, "3m")
        with pytest.raises(protocol.ProtocolError, match="no request data"):
            game.data_raw()
        with pytest.raises(protocol.ProtocolError, match="no unit type 74"):
            client.make(game, 74, 16, 16)
        assert len(client.units(game, 1)) == 3


def test_an_unknown_map_is_an_error_of_create_game(tmp_path):
    with client.launched(install(tmp_path)) as game:
        with pytest.raises(remote_controller.RequestError, match=UNKNOWN_MAP) as caught:
            client.create(game, UNKNOWN_MAP)
        wrong = sc2api_pb2.ResponseCreateGame.InvalidMapPath
        assert caught.value.res.error == wrong
        client.join(game, "3m")  # nothing is broken
