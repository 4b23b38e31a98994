"""Whole programs on StarCraft II's stand-in, where oxwhirl's package is installed."""

import re

import pytest

pytest.importorskip("pysc2")
pytest.importorskip("smac.env.starcraft2", reason="oxwhirl's smac is not installed")

from tests.bin.programs import fitting, run
from tests.starcraft_standin.installation import alive, install

TINY = (
    *("--task=smac:3bane_vs_hM", "--budget=smoke", "--smac.num_games=2"),
    *("--training.num_envs=2", "--training.num_steps=8", "--training.env_steps=64"),
    *("--attack_oracle.num_envs=2", "--attack_oracle.num_steps=8"),
    *("--filter_oracle.num_envs=2", "--filter_oracle.num_steps=8"),
    *("--attack_oracle.ppo.num_minibatches=1", "--filter_oracle.ppo.num_minibatches=1"),
    *("--attack_oracle.env_steps=32", "--filter_oracle.env_steps=32"),
    "--training.q.num_minibatches=1",
    *("--evaluation.episodes=4", "--psro.iterations=1", "--psro.restarts=1"),
    *("--psro.episodes=4", "--psro.check_episodes=4"),
)


@pytest.fixture
def game(tmp_path, monkeypatch):
    """The stand-in's folder; its processes must all be gone at the end."""
    folder = install(tmp_path / "game")
    monkeypatch.setenv("SC2PATH", str(folder))
    yield folder
    assert not alive(folder)


def test_r_macrl_and_all_that_it_needs_runs_on_the_game(game, tmp_path):
    for program, *flags in (
        ("train_team", "--run=team"),
        ("train_filter", "--run=filter", "--team=team", "--against=noise@2"),
        ("run_psro", "--run=psro", "--team=team"),
        ("evaluate", "--run=table", "--attacks=none,psro:psro", "--filters=filter"),
        ("inspect_messages", "--run=lens", "--team=team"),
    ):
        tiny = fitting(program, TINY, flags)
        done = run(program, tmp_path / "runs", *tiny, *flags)
        assert done.returncode == 0, f"{program}: {done.stderr[-2000:]}"
    assert re.search(r"Saved: .*\.html", done.stdout)


def test_workers_and_unknown_maps_are_one_line(game, tmp_path):
    for flags, line in (
        (("--workers=2",), "--workers is 2, must be 0 for StarCraft II"),
        (("--task=smac:moon",), "smac.map is 'moon', must be one of"),
        (("--smac.num_games=1",), "training.num_envs is 2, must be at most 1"),
    ):
        tiny = fitting("train_team", TINY, flags)
        done = run("train_team", tmp_path / "runs", *tiny, *flags)
        assert done.returncode == 2
        assert done.stderr.strip().splitlines()[-1].startswith(f"error: {line}")
    assert not (tmp_path / "runs").exists()
