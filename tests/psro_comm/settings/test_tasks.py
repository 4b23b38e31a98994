"""Every task is a whole experiment at every budget, and an environment is played."""

import json

import pytest

from games.environments.registry import ENVS
from oracles.strategies.config import EvolutionConfig, one_epoch
from psro_comm.disk.store import RunStore, StoreError
from psro_comm.lab.session import Request, open_lab
from psro_comm.settings.experiment import (
    PLAYED_BEFORE,
    ExperimentConfig,
    describe,
    from_description,
)
from psro_comm.settings.fields import leaves, replace
from psro_comm.settings.tasks import BUDGETS, TASKS, preset


@pytest.mark.parametrize("task", TASKS)
def test_budgets_differ_in_how_long_and_how_often_not_in_what(task):
    smoke, quick, paper = (preset(task, budget, 5) for budget in BUDGETS)
    steps = [config.training.env_steps for config in (smoke, quick, paper)]
    assert steps == sorted(set(steps))
    attack = [config.attack_oracle.env_steps for config in (smoke, quick, paper)]
    assert attack == sorted(set(attack))
    for config in (smoke, quick, paper):
        assert (config.task, config.seed) == (task, 5)
        assert config.env_config == quick.env_config
        assert config.threat == quick.threat
        written = json.loads(json.dumps(describe(config)))
        assert from_description(written) == config


@pytest.mark.parametrize("task", TASKS)
def test_sizes_change_only_to_those_that_the_authors_of_the_backbone_published(task):
    smoke, quick, paper = (preset(task, budget).backbone_config for budget in BUDGETS)
    assert smoke == quick
    if TASKS[task].published is None:
        assert paper == quick


def test_ndq_is_trained_at_length_as_its_authors_trained_it():
    config = preset("1o_2r_vs_4r", "paper")
    training = config.training
    assert (training.env_steps, training.num_envs, training.num_steps) == (
        *(10_050_000, 8),
        50,  # whole episodes of this map
    )
    assert (training.replay, training.replay_batch) == (5000, 32)
    assert training.imitation_fraction == 0.0
    assert (training.epsilon, training.final_epsilon) == (1.0, 0.05)
    assert (training.q.optimizer, training.q.learning_rate) == ("rmsprop", 5e-4)
    assert (training.q.c_beta, training.q.comm_beta) == (0.1, 1e-4)
    assert not config.backbone_config.layer_norm


def test_every_environment_is_in_some_task():
    assert {task.quick.env for task in TASKS.values()} == {*ENVS} - {
        "smac",
        "pettingzoo",
    }


@pytest.mark.parametrize(
    ("task", "budget", "message"),
    [
        (
            "chess",
            "quick",
            "^task is 'chess', must be one of echo, echo_four, predator_prey_",
        ),
        ("echo", "huge", "^budget is 'huge', must be one of smoke, quick, paper$"),
    ],
)
def test_an_unknown_task_or_budget_is_refused_by_name(task, budget, message):
    with pytest.raises(ValueError, match=message):
        preset(task, budget)


def test_an_attack_is_updated_twice_as_often_as_a_filter_whoever_trains_it():
    config = preset("predator_prey_p05", "quick")
    assert config.attack_oracle.ppo == one_epoch(8)
    assert config.filter_oracle.ppo == one_epoch() != one_epoch(8)
    searched = replace(config, {"attack_trainer": "es"})
    assert isinstance(searched.attack_oracle, EvolutionConfig)


def older(config):
    """The configuration as the first published runs wrote it down."""
    found = json.loads(json.dumps(describe(config)))
    for name in PLAYED_BEFORE:
        *above, last = name.split(".")
        part = found
        for key in above:
            part = part.get(key, {})
        part.pop(last, None)
    del found["training"]["credit"]
    return found


def test_runs_older_than_a_field_go_on_as_they_were_played(tmp_path):
    assert set(PLAYED_BEFORE) <= {leaf.name for leaf in leaves(ExperimentConfig)}
    before = {  # not today's defaults
        "attack.noise_shape": "diagonal",
        "psro.paper": True,
        "psro.warm_start": False,
        "psro.patience": 1,
        "psro.spread": 0.0,
    }
    config = replace(preset("echo", "smoke"), before)
    request = Request(config, tmp_path, "old", 0)
    with open_lab(request):
        pass
    written = older(config)
    assert len(json.dumps(written)) < len(json.dumps(describe(config))) - 200
    assert from_description(written) == config
    replace_config(tmp_path / "old", written)
    with open_lab(request) as lab:
        assert lab.config == config
    warm = request._replace(config=replace(config, {"psro.warm_start": True}))
    with (
        pytest.raises(StoreError, match=r"psro\.warm_start: False -> True; use"),
        open_lab(warm),
    ):
        pass


def replace_config(root, config):
    """Begins the run in `root` anew with this file as its configuration."""
    for file in root.glob("*.json"):
        file.unlink()
    RunStore.open(root, config).close()


def test_guidance_is_refused_before_anything_begins_where_nobody_guides_or_attends():
    for task, words in (
        ("predator_prey_p0", "for commnet on predator_prey"),
        ("echo", "for commnet on echo"),
    ):
        with pytest.raises(ValueError, match=f"guided is 0.5, must be 0 {words}"):
            replace(preset(task, "quick"), {"training.attention_guided": 0.5})
    assert preset("tj_medium", "quick").training.attention_guided == 0.1


def test_the_real_game_is_refused_in_one_line_where_it_is_missing(monkeypatch):
    monkeypatch.setenv("SC2PATH", "/nowhere")
    with pytest.raises(ValueError, match=r"bin.doctor --smac"):
        preset("smac:3bane_vs_hM", "quick")
    with pytest.raises(ValueError, match=r"did you mean smac:3bane_vs_hM"):
        preset("smack:3bane_vs_hM", "quick")
