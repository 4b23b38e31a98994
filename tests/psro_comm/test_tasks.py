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
        assert config.backbone_config == quick.backbone_config
        assert config.threat == quick.threat
        written = json.loads(json.dumps(describe(config)))
        assert from_description(written) == config


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
