"""The stand-in fails as it is told to, and leaves nothing behind."""

import time

import pytest

pytest.importorskip("pysc2")

from pysc2.lib import protocol

from tests.starcraft_standin import client
from tests.starcraft_standin.installation import (
    alive,
    configure,
    install,
    processes,
    requests,
)


def wait_for_end(sc2, seconds=5.0):
    """Whether all processes end by themselves within so many seconds."""
    end = time.monotonic() + seconds
    while alive(sc2) and time.monotonic() < end:
        time.sleep(0.05)
    return not alive(sc2)


def test_it_dies_in_mid_episode_and_only_as_often_as_told(tmp_path):
    sc2 = install(tmp_path, die_at_step=3, faulty_launches=1)
    with client.launched(sc2) as game:
        client.join(game, "3m")
        game.step(8)
        game.step(8)
        with pytest.raises(protocol.ConnectionError):
            game.step(8)
        assert wait_for_end(sc2)
    with client.launched(sc2) as game:
        client.join(game, "3m")
        assert [game.step(8).simulation_loop for _ in range(3)] == [8, 16, 24]
    assert [names.count("step") for names in requests(sc2)] == [3, 3]
    assert not alive(sc2)


def test_it_hangs_until_the_client_gives_up(tmp_path):
    sc2 = install(tmp_path, hang_at_step=2)
    with client.launched(sc2, timeout=6) as game:
        client.join(game, "3m")
        game.step(8)
        start = time.monotonic()
        with pytest.raises(protocol.ConnectionError, match="timed out"):
            game.step(8)
        assert time.monotonic() - start > 5.0
        assert alive(sc2) == processes(sc2)
    assert not alive(sc2)


def test_a_process_that_ignores_quit_is_killed_by_pysc2(tmp_path):
    sc2 = install(tmp_path, quit_is_ignored=True)
    with client.launched(sc2) as game:
        game.quit()
        assert not wait_for_end(sc2, seconds=1.0)
    assert not alive(sc2)


def test_a_client_that_vanishes_takes_the_process_with_it(tmp_path):
    sc2 = install(tmp_path)
    with client.launched(sc2) as game:
        client.join(game, "3m")
        game.close()
        assert wait_for_end(sc2)


def test_units_that_never_come_are_missing_in_every_episode(tmp_path):
    sc2 = install(tmp_path, missing_units=1)
    with client.launched(sc2) as game:
        client.join(game, "bane_vs_hM")
        for _ in range(2):
            for _ in range(30):
                game.step(1)
                ours, theirs = client.units(game, 1), client.units(game, 2)
                assert [len(ours), len(theirs)] == [2, 2]
            client.kill(game, [u.tag for u in ours + theirs])
            game.step(2)
    configure(sc2)
    with client.launched(sc2) as game:
        client.join(game, "bane_vs_hM")
        assert len(client.units(game, 1)) == 3


def test_units_that_come_late_are_waited_for(tmp_path):
    sc2 = install(tmp_path, missing_units=2, late_loops=5)
    with client.launched(sc2) as game:
        client.join(game, "3m")
        seen = [len(client.units(game, 1))]
        for _ in range(6):
            game.step(1)
            seen.append(len(client.units(game, 1)))
    assert seen == [1, 1, 1, 1, 1, 3, 3]
