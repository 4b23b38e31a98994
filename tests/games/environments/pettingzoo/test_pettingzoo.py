"""Both ways with PettingZoo itself, where it is installed: its own tests decide."""

import warnings

import numpy as np
import pytest
import torch

import psro_comm as pc
from games.engine.worlds import make_worlds
from games.environments.registry import make_env

OURS = pytest.mark.parametrize("name", sorted({*pc.ENVS} - {"smac", "pettingzoo"}))


def test_without_pettingzoo_one_line_says_what_to_install():
    try:
        import pettingzoo  # noqa: F401
    except ImportError:
        with pytest.raises(ImportError, match="pip install pettingzoo gymnasium"):
            pc.parallel_env("echo")
    else:
        pytest.skip("it is installed")


@OURS
def test_ours_pass_pettingzoos_own_tests(name):
    pytest.importorskip("pettingzoo", reason="an extra: pip install pettingzoo")
    from pettingzoo.test import parallel_api_test, parallel_seed_test

    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        parallel_api_test(pc.parallel_env(name), num_cycles=100)
        parallel_seed_test(lambda: pc.parallel_env(name), num_cycles=40)


@OURS
def test_a_world_is_that_of_our_runs(name):
    pytest.importorskip("pettingzoo", reason="an extra: pip install pettingzoo")
    theirs, ours = pc.parallel_env(name), make_env(name)
    worlds = make_worlds(ours.spec, 5, 2, 1, 1)
    seen, infos = theirs.reset(seed=5, options={"world": 2})
    state = ours.reset(worlds.reset_noise)
    for noise in worlds.step_noise[:3]:
        view = ours.observe(state)
        shown = [seen[agent]["observation"] for agent in theirs.possible_agents]
        assert (torch.from_numpy(np.stack(shown)) == view.obs[0]).all()
        assert infos["agent_0"]["links"].tolist() == view.links[0, 0].int().tolist()
        action = view.available.int().argmax(-1)
        state, signal = ours.transition(state, action, noise)
        chosen = dict(zip(theirs.possible_agents, action[0].tolist(), strict=True))
        seen, paid, ended, cut, infos = theirs.step(chosen)
        assert paid["agent_0"] == float(signal.reward[0])
        assert ended["agent_0"] == bool(signal.done[0])
        assert not any(cut.values())
        if ended["agent_0"]:
            break


def test_an_illegal_action_is_replaced_and_told_and_nonsense_refused():
    pytest.importorskip("pettingzoo", reason="an extra: pip install pettingzoo")
    env = pc.parallel_env("combat")
    seen, _ = env.reset(seed=0)
    mask = seen["agent_0"]["action_mask"].tolist()
    legal = {a: int(seen[a]["action_mask"].argmax()) for a in env.agents}
    _, _, _, _, infos = env.step({**legal, "agent_0": mask.index(0)})
    assert infos["agent_0"]["illegal"]
    assert not infos["agent_1"]["illegal"]
    with pytest.raises(
        ValueError, match=r"actions is \{\}, must be an action for each"
    ):
        env.step({})
    with pytest.raises(ValueError, match=r"the action of agent_0 is 0\.5"):
        env.step({**legal, "agent_0": 0.5})
    with pytest.raises(ValueError, match="world is -1, must be a whole number"):
        env.reset(options={"world": -1})
    with pytest.raises(ValueError, match="no episode is running: call reset"):
        pc.parallel_env("echo").step({})
    with pytest.raises(
        ValueError, match="the action of agent_0 is 99, must be a whole"
    ):
        env.step({**legal, "agent_0": 99})


@pytest.mark.parametrize("name", ["smac", "pettingzoo", "chess"])
def test_what_is_not_ours_is_refused(name):
    with pytest.raises(ValueError, match="environment is"):
        pc.parallel_env(name)


def test_a_team_of_theirs_is_trained_attacked_and_measured(tmp_path):
    pytest.importorskip("mpe2", reason="an extra: pip install mpe2")
    task = "pettingzoo:mpe2.simple_spread_v3"
    small = {"training.env_steps": 3200, "pettingzoo.episode_limit": 5}
    team = pc.train_team(task, budget="smoke", settings=small)
    found = pc.evaluate(team, ["none", "noise@2"], worlds=8)
    assert found.row("none", "none").returns.estimate < 0.0
    assert found.row("none", "noise@2").distortion == pytest.approx(2.0, rel=1e-3)
