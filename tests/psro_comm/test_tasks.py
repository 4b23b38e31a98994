"""Every task is a whole experiment at every budget, and an environment is played."""

import json

import pytest

from games.envs import ENVS
from psro_comm.experiment_config import describe, from_description
from psro_comm.tasks import BUDGETS, TASKS, preset


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
    assert {task.quick.env for task in TASKS.values()} == set(ENVS)


@pytest.mark.parametrize(
    ("task", "budget", "message"),
    [
        ("chess", "quick", "^task is 'chess', must be one of echo, predator_prey_p0"),
        ("echo", "huge", "^budget is 'huge', must be one of smoke, quick, paper$"),
    ],
)
def test_an_unknown_task_or_budget_is_refused_by_name(task, budget, message):
    with pytest.raises(ValueError, match=message):
        preset(task, budget)
