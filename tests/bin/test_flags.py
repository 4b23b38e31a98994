"""Each program has the flags that it reads, and no others."""

import json
import os
import subprocess
import sys

import pytest

from psro_comm.settings.experiment import ExperimentConfig
from psro_comm.settings.fields import leaves
from tests.bin.programs import READS, ROOT, TINY, fitting

SETTINGS = {leaf.name for leaf in leaves(ExperimentConfig)}
OWN = {"task", "seed", "device"}  # settings whose flags are typed by hand
FORGED = (
    "--threat.mode=convex",
    "--threat.redraw_malicious",
    "--threat.malicious=none",
)
UNPLAYED = (
    *("predator_prey", "traffic_junction", "combat", "smac", "pettingzoo"),
    *("tarmac", "ndq"),
)
ONLY_NDQ = ("epsilon", "final_epsilon", "epsilon_steps", "replay", "replay_batch", "q")
ONLY_ES = (
    *("candidates", "elites", "std", "smoothing", "evasion", "watching", "scouts"),
)
ONLY_SUPERVISED = (
    *("update_epochs", "num_minibatches", "learning_rate", "final_learning_rate"),
    *("max_grad_norm", "benign_fraction", "made_up_fraction", "fake_fraction"),
    *("coevolving_fraction", "taught_fraction"),
    *("redraw", "beta1", "beta2", "repairs", "ppo_coef", "families"),
)
ONLY_GUIDED = ("foresight", "margin")
ONLY_TRACKING = ("threshold", "gate", "replace", "memory", "context")
ONLY_LIES = ("scale", "start", "radius", "steps", "step", "loss")
SWEPT = (
    *("--name=s", "--budget=smoke", "--workers=0", "--device=cpu", "--"),
    *("train_team", "--training.env_steps=6144", "--evaluation.episodes=8"),
)
NOT_ON_ECHO = {  # settings that matter only beside another, or on another task
    *("training.final_entropy_target", "training.entropy_fall"),  # an entropy_target
    *("training.teacher_prob", "training.imitation_fraction"),  # a teacher
    *(f"attack.{each}" for each in ONLY_LIES),  # other kinds
    *(f"filter.{each}" for each in ONLY_TRACKING),
    *(
        f"{side}_oracle.{each}"
        for side in ("attack", "filter")
        for each in (*ONLY_ES, *ONLY_SUPERVISED, *ONLY_GUIDED)
    ),
}
NOT_A_FLAG = {  # what a program sets itself
    "study_meta_solvers": ("psro.meta_solver",),  # --solvers
    "worst_case": ("attack.stop_return",),  # an attack here is trained to its end
    # its gate's own mutes and noise, and the lies that --harden searches
    "train_team": ("threat.", "attack."),
    "study_defence": ("attack.",),  # of the fakes that are bred beside a filter
}


def lines(folder):
    """A command line of every program that is quick, on budgets of a second."""
    (folder / "table.csv").write_text(
        "defender,attacker,mean,std_error,episodes\na,x,1,0.1,9\na,y,2,0.1,9\n"
    )
    table = f"--payoffs={folder}/table.csv"
    runs = f"--runs_dir={folder}"
    untrained = ("--attacks=none,untrained", "--filters=none,untrained")
    found = []
    for program, *more in (
        ("quickstart", "--run=q"),
        ("run_psro", "--run=p", "--psro.iterations=1"),
        ("run_psro", "--run=paper", "--psro.iterations=1", "--psro.paper"),
        ("train_team", "--run=t"),
        ("train_team", "--run=h", "--harden=t", "--hardening.rounds=1"),
        ("train_attack", "--run=a", "--against=untrained"),
        ("train_filter", "--run=f", "--against=untrained"),
        ("evaluate", "--run=e", *untrained),
        ("worst_case", "--run=w", "--defenders=none,mute,untrained"),
        ("study_defence", "--run=d", "--filter=tracking"),
        ("inspect_messages", "--run=i", "--attack=untrained", "--filter=untrained"),
        ("study_meta_solvers", "--run=s", "--solvers=nash,uniform"),
        ("study_meta_solvers", "--run=v", "--solvers=nash,uniform", "--psro.paper"),
    ):
        given = fitting(program, ("--task=echo", *TINY, *FORGED), ())
        found.append((program, [*given, runs, *more]))
    known = ("--game=cube", "--worlds=5", runs)
    return [
        *found,
        ("analyze_payoffs", [table, "--resamples=2"]),
        ("analyze_payoffs", [runs, "--run=p", "--refine", "--width=99", "--workers=0"]),
        ("compare_meta_solvers", [table, "--solvers=nash,uniform"]),
        ("validate_psro", [*known, "--iterations=1", "--run=v"]),
        ("study_options", [*known, "--seeds=2", "--trainings=2", "--run=o"]),
        ("make_results", [runs, "--runs=q", f"--out={folder}/results"]),
        ("sweep", [runs, "--tasks=echo", f"--out={folder}/swept", *SWEPT]),
    ]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Of each program, what it defines and what its runs read."""
    folder = tmp_path_factory.mktemp("runs")
    done = subprocess.run(
        [sys.executable, "-m", "tests.bin.reading"],
        cwd=ROOT,
        input=json.dumps(lines(folder)),
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"},
        timeout=480,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    merged = {}
    for line in done.stdout.splitlines():
        program, result = json.loads(line)
        assert result["status"] == 0, (program, result["said"])
        defined, read = merged.setdefault(program, (set(), set()))
        defined |= {*result["defined"]}
        read |= {*result["read"]}
    return merged


def unreachable(name):
    """Whether no run on Echo can show that a setting is read."""
    return (
        name in NOT_ON_ECHO
        or name.startswith(tuple(f"{each}." for each in UNPLAYED))
        or name.startswith(tuple(f"training.{each}" for each in ONLY_NDQ))
    )


def test_every_flag_of_a_program_is_read_by_it(found):
    assert {*found} >= {*READS}
    idle = {
        program: sorted(name for name in defined - read if not unreachable(name))
        for program, (defined, read) in found.items()
    }
    assert {program: names for program, names in idle.items() if names} == {}


def test_every_setting_that_a_program_reads_has_a_flag(found):
    for program in READS:
        defined, read = found[program]
        own = ("hardening.start", *NOT_A_FLAG.get(program, ()))  # --harden sets it
        absent = {
            name
            for name in (read & SETTINGS) - defined
            if "." in name and not name.startswith(own)
        }
        assert absent == set(), program


def test_programs_without_a_task_have_no_settings(found):
    for program in {*found} - {*READS}:
        assert found[program][0] & (SETTINGS - OWN) == set(), program


def test_analyze_payoffs_shows_what_it_reads_alone(found):
    assert found["analyze_payoffs"][0] == {
        *("plugin", "run", "runs_dir", "workers", "executor", "ray.address"),
        *("dry_run", "payoffs", "out", "resamples"),
        *("seed", "meta_solver", "figures", "refine", "width"),
        *("names", "row_role", "sum_tolerance", "reduction", "population"),
        *("pages", "row_name", "column_name", "results"),
    }
