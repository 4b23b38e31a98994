"""oxwhirl's StarCraft2Env, unmodified, on the stand-in: what it shows is ours."""

import numpy as np
import pytest

pytest.importorskip("pysc2")
pytest.importorskip("smac.env.starcraft2", reason="oxwhirl's smac is not installed")

from tests.starcraft_standin.compare import Mirror, play
from tests.starcraft_standin.installation import alive, install, requests


@pytest.mark.parametrize("name", ["3m", "8m"])
@pytest.mark.parametrize("pathing_bits", [1, 8])
def test_whole_episodes_agree_with_the_built_in_simulator(
    name, pathing_bits, tmp_path, monkeypatch
):
    from smac.env import StarCraft2Env

    sc2 = install(tmp_path, pathing_bits=pathing_bits)
    monkeypatch.setenv("SC2PATH", str(sc2))
    env = StarCraft2Env(map_name=name, seed=7)
    rng, paid = np.random.default_rng(7), []
    try:
        mirror = Mirror(env, name)
        for episode in range(6):
            paid.append(play(env, mirror, rng, resolve=(0.3, 0.95, 1.0)[episode % 3]))
    finally:
        env.close()
    print(f"{name}: {mirror.steps} steps, differences {mirror.worst}, paid {paid}")
    assert mirror.steps > 60
    assert env.battles_game == 6
    assert env.force_restarts == 0
    assert 0 < env.battles_won < 6
    assert mirror.worst["obs"] > 0.0  # rounded twice: no thing compared with itself
    (asked,) = requests(sc2)
    assert asked.count("create_game") == 1  # later episodes are the trigger's
    assert asked.count("debug") == 5
    assert not alive(sc2)


def test_a_crash_in_mid_episode_is_survived(tmp_path, monkeypatch):
    from smac.env import StarCraft2Env

    sc2 = install(tmp_path, die_at_step=70, faulty_launches=1)
    monkeypatch.setenv("SC2PATH", str(sc2))
    env = StarCraft2Env(map_name="3m", seed=1)
    wait = [1, 1, 1]
    try:
        crashed = 0
        for _ in range(6):
            env.reset()
            done = False
            while not done:
                can = env.get_avail_actions()
                actions = [a if row[a] else 0 for a, row in zip(wait, can, strict=True)]
                _, done, info = env.step(actions)
            crashed += not info
        env.save_replay()
    finally:
        env.close()
    assert len(list((sc2 / "Replays").iterdir())) == 1
    assert [crashed, env.force_restarts, len(requests(sc2))] == [1, 1, 2]
    assert not alive(sc2)
