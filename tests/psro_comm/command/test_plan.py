"""What --dry_run says beforehand is what is then measured."""

from collections import Counter
from pathlib import Path

import pytest

from psro_comm.command import plan, stages
from psro_comm.command.sweep import seconds_of
from psro_comm.lab import lab as labs
from psro_comm.lab import trainings
from psro_comm.lab.session import Request, open_lab
from psro_comm.settings.fields import replace
from psro_comm.settings.psro import PSROConfig
from psro_comm.settings.tasks import preset
from psro_comm.studies.story import Story
from psro_comm.studies.suite.search import search

ROOMY = [  # GiB at the peak of `train_team --budget=smoke --workers=0`, 27 November
    ("echo", 64, 16, 0.45),
    ("predator_prey_p05", 64, 16, 0.64),
    ("predator_prey_p05", 1024, 16, 0.80),
    ("predator_prey_p05", 1024, 64, 1.90),
    ("tj_easy", 512, 20, 0.68),
]
TINY = {
    "training.env_steps": 4096,
    "attack_oracle.env_steps": 1024,
    "filter_oracle.env_steps": 1024,
    "psro.episodes": 16,
    "psro.check_episodes": 16,
    "evaluation.episodes": 16,
}


def request(task, changes=(), workers=0, team=None):
    config = replace(preset(task, "smoke"), dict(changes))
    return Request(config, Path("runs"), "a", workers, team=team)


TAKEN = [  # CPU-seconds of a program at smoke, without workers, on a busy machine, at
    # commit 6b43dba; of R-MACRL on Echo and 3bane_vs_hM at 28315f8, by the clock.
    ("echo", plan.plan_team, 6.8),
    ("3bane_vs_hM", plan.plan_team, 10.3),
    ("predator_prey_p05", plan.plan_team, 8.0),
    ("tj_easy", plan.plan_team, 7.0),
    ("echo", plan.plan_story, 55.9),
    ("echo", lambda asked: plan.plan_psro(asked._replace(team="t")), 33.0),
    ("3bane_vs_hM", lambda asked: plan.plan_psro(asked._replace(team="t")), 70.0),
    ("predator_prey_p05", lambda asked: plan.plan_psro(asked._replace(team="t")), 45.6),
]


def gigabytes(text):
    return float(text.splitlines()[-1].split()[-2])


def seconds(text):
    return seconds_of(text.splitlines()[-1].split()[1])


@pytest.mark.parametrize(("task", "num_envs", "num_steps", "peak"), ROOMY)
def test_memory_is_that_of_the_largest_stage(task, num_envs, num_steps, peak):
    sizes = {"training.num_envs": num_envs, "training.num_steps": num_steps}
    foreseen = gigabytes(plan.plan_team(request(task, sizes)))
    assert 1 / 1.5 < foreseen / peak < 1.5


@pytest.mark.parametrize(("task", "planned", "taken"), TAKEN)
def test_time_is_about_what_was_measured(task, planned, taken):
    assert 1 / 1.5 < seconds(planned(request(task))) / taken < 1.5


def test_workers_take_memory_only_where_they_have_something_to_do():
    # Measured, all processes: 0.45 GB, and 1.01 GB with two workers.
    assert gigabytes(plan.plan_team(request("echo", workers=2))) < 0.6
    assert 0.8 < gigabytes(plan.plan_side(request("echo", workers=2), "attack")) < 1.4


def test_a_stage_that_is_not_made_takes_no_memory():
    large = {"attack_oracle.num_envs": 8192, "attack_oracle.num_steps": 64}
    assert gigabytes(plan.plan_team(request("echo", large))) < 1.0
    assert gigabytes(plan.plan_side(request("echo", large), "attack")) > 5.0


def test_given_policies_are_counted_in_the_cells():
    def cells(given):
        return stages.of_psro(request("echo").config, given)[-1].times

    assert cells((0, 0)) < cells((2, 0)) < cells((2, 3))


def test_too_few_slots_for_what_is_given_are_refused_beforehand():
    config = PSROConfig(iterations=2, slots=24)
    config.check_slots(0)
    with pytest.raises(ValueError, match="slots is 24, must be at least 25, to hold"):
        config.check_slots(1)


def foreseen(planned):
    """What is trained, by kind, oracle and budget, and how many worlds are played."""
    made, worlds = Counter(), 0
    for stage in planned:
        if stage.recipe is None:
            worlds += stage.times * stage.work.env_steps
        else:
            who = stage.recipe.kind, stage.recipe.oracle
            made[(*who, stage.recipe.budget.env_steps)] += stage.times
    return made, worlds


@pytest.fixture
def counted(monkeypatch):
    """The same, of what a lab trains and plays in this process."""
    made, cells, work = Counter(), [], (trainings.run_training, labs.run_matches)

    def train(job, log=None):
        if not job.untrained:
            who = job.recipe.kind, job.recipe.oracle
            made[(*who, job.recipe.budget.env_steps)] += 1
        return work[0](job, log)

    def play(job):
        cells.append(len(job.cells) * job.num_worlds)
        return work[1](job)

    monkeypatch.setattr(trainings, "run_training", train)
    monkeypatch.setattr(labs, "run_matches", play)
    return made, cells


def by_kind(made):
    """Without budgets: an attack that learns on, if one like it joined, is shorter."""
    found = Counter()
    for (kind, oracle, _), times in made.items():
        found[kind, oracle] += times
    return found


def test_no_stage_of_a_story_is_forgotten(counted, tmp_path):
    asked = request("echo", TINY)._replace(runs_dir=tmp_path)
    with open_lab(asked) as lab:
        Story(lab).tell()
    made, steps = foreseen(stages.of_story(asked.config))
    assert by_kind(made) == by_kind(counted[0])
    assert 1 / 1.5 < steps / (sum(counted[1]) * asked.config.extent.episode_limit) < 1.5


def test_no_stage_of_a_suite_is_forgotten(counted, tmp_path):
    asked = request("echo", TINY)._replace(runs_dir=tmp_path)
    with open_lab(asked) as lab:
        search(lab, ["none", "mute", "norm"], tmp_path, ["rate"])
    targets = [stages.Target(flags=False), stages.Target()]
    made, steps = foreseen(stages.of_suite(asked.config, targets, axes=["rate"]))
    assert made == counted[0]
    assert 1 / 1.5 < steps / (sum(counted[1]) * asked.config.extent.episode_limit) < 1.5
    text = plan.plan_suite(asked, ["none", "mute", "norm"], axes=["rate"])
    assert text.count("\n") > len(targets)
    assert seconds(plan.plan_suite(asked, ["mute"])) < seconds(text)
