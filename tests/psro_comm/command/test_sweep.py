"""A sweep's runs: their names, their flags, and what is refused before any begins."""

from pathlib import Path

import pytest

from psro_comm.command import sweep as planning
from psro_comm.lab.progress import format_duration
from tests.paths import ROOT


def sweep(**given) -> planning.Sweep:
    known = {
        "program": "quickstart",
        "tasks": ("echo", "smac:3m"),
        "seeds": (0, 1),
        "settings": planning.read_settings(["psro.meta_solver=nash,prd"]),
        "runs_dir": Path("runs"),
        "budget": "smoke",
        "device": "cpu",
    }
    return planning.Sweep(**{**known, **given})


def test_a_sweep_is_every_task_and_setting_with_every_seed():
    groups = sweep().groups()
    assert [len(runs) for runs in groups.values()] == [2, 2, 2, 2]
    names = [run.name for runs in groups.values() for run in runs]
    assert names[:3] == [
        "echo-smoke-meta_solver_nash-0",
        "echo-smoke-meta_solver_nash-1",
        "echo-smoke-meta_solver_prd-0",
    ]
    assert "smac-3m-smoke-meta_solver_prd-1" in names
    first = next(iter(groups.values()))[0]
    assert first.module == "bin.quickstart"
    assert {"--task=echo", "--seed=0", "--psro.meta_solver=nash"} <= {*first.flags}
    assert first.root.endswith("/runs/echo-smoke-meta_solver_nash-0")


def test_the_command_is_the_one_that_was_given():
    many = sweep(
        settings=planning.read_settings(["psro.attacks=fake;fake,own", "a.b=1"]),
        name="try",
        flags=("--psro.iterations=2",),
    )
    assert many.command() == (
        "python -m bin.sweep --tasks=echo,smac:3m --seeds=0,1"
        " '--set=psro.attacks=fake;fake,own' --set=a.b=1 --budget=smoke --name=try --"
        " quickstart --psro.iterations=2"
    )
    names = {run.name for runs in many.groups().values() for run in runs}
    assert "try-echo-smoke-attacks_fake_own-b_1-0" in names


def test_two_runs_of_one_name_are_refused():
    settings = planning.read_settings(["psro.attacks=fake,own;fake;fake own"])
    with pytest.raises(ValueError, match="two runs would have the name"):
        sweep(settings=settings).groups()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("psro.meta_solver", "must be NAME=VALUE,VALUE"),
        ("psro.meta_solver=", "must be NAME=VALUE,VALUE"),
        ("psro.meta_solver=nash,nash", "none twice"),
        ("seed=1,2", "seed has a flag of its own"),
    ],
)
def test_a_setting_that_says_nothing_is_refused(line, words):
    with pytest.raises(ValueError, match=words):
        planning.read_settings([line])
    with pytest.raises(ValueError, match="is given twice"):
        planning.read_settings(["a=1", "a=2"])


def test_what_stands_behind_the_dashes_is_a_program_and_its_flags():
    assert planning.read_program(["run_psro", "--x=1"]) == ("run_psro", ("--x=1",))
    for words, said in (
        ([], "the program behind -- is ''"),
        (["nothing"], "'nothing', must be one of analyze_payoffs"),
        (["sweep"], "'sweep', must be one of"),
        (["quickstart", "--seed=3"], "'--seed=3' behind --"),
        (["quickstart", "echo"], "'echo' behind --"),
    ):
        with pytest.raises(ValueError, match=said):
            planning.read_program(words)


def test_shards_part_the_runs_and_help_each_other():
    assert planning.read_shard(None) == (1, 1)
    runs = [run for each in sweep().groups().values() for run in each]
    orders = [planning.in_order(runs, (k, 3)) for k in (1, 2, 3)]
    assert all({*order} == {*runs} for order in orders)
    assert [order[0] for order in orders] == runs[:3]
    for text in ("0/2", "3/2", "1", "a/b"):
        with pytest.raises(ValueError, match="--shard is"):
            planning.read_shard(text)


@pytest.mark.parametrize("seconds", [0, 8, 65, 7380])
def test_durations_are_read_back(seconds):
    assert planning.seconds_of(format_duration(seconds)) == seconds


def test_a_plan_sums_up_its_cpu_hours(tmp_path):
    two = sweep(tasks=("echo",), runs_dir=tmp_path)
    groups = two.groups()
    foreseen = [planning.Foreseen(3600.0, 0.5), planning.Foreseen(1800.0, 0.5)]
    text = planning.outline(two, groups, foreseen, 2)
    assert "4 runs, 0 finished, 2 side by side" in text
    assert "echo, psro.meta_solver=nash" in text
    assert "left: about 3.00 CPU-hours, 1h30m here" in text


def test_a_program_that_refuses_its_flags_is_heard_before_any_run(tmp_path):
    bad = sweep(tasks=("echo",), settings=((("psro.nothing", "1"),),))
    with pytest.raises(ValueError, match=r"bin.quickstart: .*psro.nothing"):
        planning.foresee(bad.groups())
    # A plugin's task, which nobody knows without the plugin.
    plugin = str(ROOT / "examples/my_environment.py")
    program, flags = planning.read_program(["quickstart"], [plugin])
    assert (program, flags) == ("quickstart", (f"--plugin={plugin}",))
    good = sweep(tasks=("coin",), settings=((),), runs_dir=tmp_path, flags=flags)
    (found,) = planning.foresee(good.groups())
    assert found.seconds > 1.0
    assert found.gigabytes > 0.1
