"""What --dry_run says beforehand is what is then measured."""

from pathlib import Path

import pytest

from psro_comm.command.plan import plan
from psro_comm.lab.session import Request
from psro_comm.settings.fields import replace
from psro_comm.settings.psro import PSROConfig
from psro_comm.settings.tasks import preset

MEASURED = [  # GiB at the peak of `train_team --budget=smoke --workers=0`, 27 November
    ("echo", 64, 16, 0.45),
    ("predator_prey_p05", 64, 16, 0.64),
    ("predator_prey_p05", 1024, 16, 0.80),
    ("predator_prey_p05", 1024, 64, 1.90),
    ("tj_easy", 512, 20, 0.68),
]


def said(program, task, changes, **more):
    config = replace(preset(task, "smoke"), changes)
    return plan(Request(config, Path("runs"), "a", 0), program, **more)


def gigabytes(text):
    return float(text.splitlines()[-1].split()[-2])


@pytest.mark.parametrize(("task", "num_envs", "num_steps", "peak"), MEASURED)
def test_memory_is_that_of_the_largest_stage(task, num_envs, num_steps, peak):
    sizes = {"training.num_envs": num_envs, "training.num_steps": num_steps}
    foreseen = gigabytes(said("team", task, sizes))
    assert 1 / 1.5 < foreseen / peak < 1.5


def test_a_stage_that_is_not_made_takes_no_memory():
    large = {"attack_oracle.num_envs": 8192, "attack_oracle.num_steps": 64}
    assert gigabytes(said("team", "echo", large)) < 1.0
    assert gigabytes(said("attack", "echo", large)) > 5.0


def test_given_policies_are_counted_in_the_cells():
    def cells(given):
        text = said("psro", "echo", {}, given=given)
        return int(text.split("payoff cells (")[1].split(")")[0])

    assert cells((0, 0)) < cells((2, 0)) < cells((2, 3))


def test_too_few_slots_for_what_is_given_are_refused_beforehand():
    config = PSROConfig(iterations=2, slots=20)
    config.check_slots(0)
    with pytest.raises(ValueError, match="slots is 20, must be at least 21, to hold"):
        config.check_slots(1)
