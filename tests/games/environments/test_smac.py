"""The real game's adapter: refusals here, whole episodes on the stand-in."""

import importlib
import os
import signal
import time

import pytest
import torch

from games.engine.env import TimeStep, first, step
from games.environments.smac.config import SmacConfig
from games.environments.smac.env import Smac


def test_impostor_and_missing_game_are_one_line(no_smac, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("SC2PATH", str(tmp_path))
    for name in ("smac", "smac/env"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("")
        importlib.invalidate_caches()
        what = "SMAC3" if name == "smac" else "StarCraft II is not in"
        with pytest.raises(ValueError, match=f"{what}.*bin.doctor --smac"):
            Smac()


@pytest.fixture
def game(tmp_path, monkeypatch):
    pytest.importorskip("pysc2")
    pytest.importorskip("smac.env")
    standin = pytest.importorskip("tests.starcraft_standin.installation")

    def make(name, settings=None, **config):
        folder = standin.install(tmp_path, **(settings or {}))
        monkeypatch.setenv("SC2PATH", str(folder))
        env = Smac(SmacConfig(map=name, **config))
        made.append(env)
        return env, lambda: standin.alive(folder)

    made: list[Smac] = []
    yield make
    for env in made:
        env.close()


def drive(env, size, steps):
    """Steps at random; the number of ended episodes."""
    state = env.reset(torch.zeros(size, 0))
    seen, ended = first(env, state), 0
    for _ in range(steps):
        noise = torch.zeros(size, 0)
        score = torch.rand(seen.available.shape) * seen.available
        state, seen = step(env, state, score.argmax(-1), noise, noise)
        ended += int(seen.done.sum())
        assert seen.fresh.all(1).equal(seen.done)
    return ended


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("3bane_vs_hM", (3, 31, 8)),
        ("4bane_vs_hM", (4, 37, 8)),
        ("1o_2r_vs_4r", (3, 49, 10)),
        ("1o_3r_vs_4r", (4, 56, 10)),
    ],
)
def test_whole_episodes(game, name, sizes):
    env, alive = game(name, num_games=2)
    spec = env.spec
    assert (spec.num_agents, spec.obs_size, spec.num_actions) == sizes
    assert drive(env, 2, 60) >= 2
    assert env.restarts == [0, 0]
    with pytest.raises(ValueError, match="num_games is 2"):
        env.reset(torch.zeros(3, 0))
    env.close()
    assert not alive()


def test_ndqs_maps_are_shown_as_the_field_that_they_are(game):
    from games.environments.scenes import make_stage

    env, _ = game("4bane_vs_hM", num_games=1)
    state = env.reset(torch.zeros(1, 0))
    scene = make_stage(env)(state, 0)
    assert (scene.rows, len(scene.ground)) == (32, 32 * 3 + 8 + 6 + 4 + 2 * 26)
    labels = [sprite.label for sprite in scene.sprites]
    assert labels == [*["baneling 100%"] * 4, "hydralisk 100%", "medivac 100%"]
    # They stand at (16, 31), which is the middle of the northern edge.
    for sprite in scene.sprites[4:]:
        assert (sprite.row, sprite.column) == pytest.approx((0.5, 15.5), abs=1.0)
    columns = [sprite.column for sprite in scene.sprites[:4]]
    assert columns == sorted(columns)
    rows, _ = game("3m", num_games=1)
    assert len(make_stage(rows)(rows.reset(torch.zeros(1, 0)), 0).sprites) == 3


def test_wins_and_rewards_are_those_of_the_game(game):
    from oracles.teams.teachers import find_teacher

    env, _ = game("3bane_vs_hM", num_games=2)
    teacher, seen, noise = find_teacher(env), set(), torch.zeros(2, 0)
    for episode in range(12):
        state = env.reset(noise)
        shown = first(env, state)
        while not state.over.all():
            before, available = state.over, state.available
            action = teacher(shown)
            if episode % 2:  # at random, alive: who walks alone is shot
                action = (torch.rand(available.shape) * available).argmax(-1)
            state, paid = env.transition(state, action, noise)
            shown = TimeStep(*env.observe(state), *paid)
            assert not paid.reward[before].any()
            assert not paid.success[before].any()
            # Three agents have six numbers each; then comes the hydralisk's health.
            dead = state.state[:, 18] == 0
            for k in (state.over & ~before).nonzero().flatten().tolist():
                assert bool(paid.success[k]) == bool(dead[k])
                # 200 for the win and 10 for the kill, scaled so that all is 20 of 450.
                assert (float(paid.reward[k]) > 210 * 20 / 450) == bool(dead[k])
                seen.add(bool(dead[k]))
    assert seen == {False, True}


def test_a_killed_game_is_restarted_and_counted(game):
    env, alive = game("3bane_vs_hM", num_games=1)
    state = env.reset(torch.zeros(1, 0))
    os.kill(alive()[0], signal.SIGKILL)
    stop = torch.ones(1, 3, dtype=torch.long)
    state, signal_ = env.transition(state, stop, torch.zeros(1, 0))
    assert signal_.done.all()
    assert not signal_.reward.any()
    assert env.discarded(state).all()
    assert env.restarts == [1]
    state = env.restart(state, signal_.done)
    assert not env.discarded(state).any()
    assert len(alive()) == 1


@pytest.mark.parametrize(
    "fault", [{"hang_at_step": 5, "quit_is_ignored": True}, {"missing_units": 1}]
)
def test_a_game_that_fails_for_ever_ends_as_one_line(game, fault):
    env, alive = game("3m", fault, num_games=1, max_restarts=1, timeout_s=2.0)
    with pytest.raises(ValueError, match=r"failed 2 times.*bin.doctor --smac"):
        drive(env, 1, 60)
    for _ in range(50):  # who is killed needs a moment to be gone
        if alive():
            time.sleep(0.1)
    assert not alive()


def test_environments_of_one_configuration_share_their_games(game):
    env, alive = game("3m", num_games=2)
    for _ in range(3):
        again = Smac(env.config)
        state = again.reset(torch.zeros(2, 0))
        assert len(alive()) == 2
    earlier = state
    stop = torch.ones(2, 3, dtype=torch.long)
    state, _ = again.transition(state, stop, torch.zeros(2, 0))
    with pytest.raises(RuntimeError, match="after its games had moved"):
        again.transition(earlier, stop, torch.zeros(2, 0))
    env.reset(torch.zeros(2, 0))  # another player takes them
    with pytest.raises(RuntimeError, match="after its games had moved"):
        again.transition(state, stop, torch.zeros(2, 0))


def test_a_broken_episode_is_measured_again(game):
    from games.engine.channel import CLEAN
    from games.engine.play import play_episodes
    from games.engine.worlds import make_worlds
    from oracles.teams.backbones import make_team
    from oracles.teams.backbones.config import NDQConfig

    # Each of the first two processes dies in its first episode, the next ones live.
    faults = {"die_at_step": 4, "faulty_launches": 2}
    env, _ = game("3m", faults, num_games=2, timeout_s=20.0)
    team = make_team("ndq", NDQConfig(), env.spec)
    worlds = make_worlds(env.spec, 0, 0, 2, 1)
    luck = torch.Generator().manual_seed(0)
    played = play_episodes(env, team, CLEAN, worlds, luck)
    assert sum(env.restarts) == 2
    assert (played.length > 4).all()


def test_a_game_that_grew_too_large_is_replaced_between_episodes(game):
    env, alive = game("3m", num_games=1, memory_limit_mb=1)
    noise, stop = torch.zeros(1, 0), torch.ones(1, 3, dtype=torch.long)
    state = env.reset(noise)
    (before,) = alive()
    state, _ = env.transition(state, stop, noise)
    assert alive() == [before]
    env.reset(noise)
    (after,) = alive()
    assert after != before
    assert env.restarts == [0]  # not a fault


def test_an_unknown_map_is_named_with_the_maps_there_are(game):
    with pytest.raises(ValueError, match=r"^smac.map is 'moon', must .*1o_3r_vs_4r$"):
        game("moon")


def test_what_cannot_be_done_is_not_tried_again(game, tmp_path):
    env, alive = game("8m", num_games=1)
    (tmp_path / "Maps" / "SMAC_Maps" / "8m.SC2Map").unlink()
    with pytest.raises(ValueError, match=r"8m.SC2Map not found.*bin.doctor --smac"):
        env.reset(torch.zeros(1, 0))
    assert env.restarts == [0]
    assert not alive()


def test_more_worlds_than_games_are_measured_in_waves(game):
    from games.engine.channel import CLEAN
    from games.engine.matches import play_worlds
    from games.engine.worlds import make_worlds
    from oracles.teams.backbones import make_team
    from oracles.teams.backbones.config import NDQConfig

    env, alive = game("3m", num_games=2)
    team = make_team("ndq", NDQConfig(), env.spec)
    worlds = make_worlds(env.spec, 0, 0, 5, 1)
    generator = torch.Generator().manual_seed(0)
    played = play_worlds(env, team, CLEAN, worlds, generator)
    assert played.returns.shape == (5,)
    assert (played.length > 0).all()
    assert len(alive()) == 2


def test_trainings_want_no_more_worlds_than_there_are_games(game):
    from dataclasses import replace

    pytest.importorskip("cvxpy", reason="only the stand-in's packages are here")
    from psro_comm.settings.tasks import preset

    game("3m", num_games=1)  # installs it
    config = preset("smac:3m", "smoke")
    with pytest.raises(ValueError, match=r"^training.num_envs is 8, must be at most 2"):
        replace(config, env_config=SmacConfig(map="3m", num_games=2))
    published = preset("smac:3m", "paper").training
    assert (published.num_envs, published.num_steps) == (8, 60)
    assert published.env_steps == 10_050_000
