"""Meta-solvers side by side: whole runs that resume, and what is said of them."""

import json
import re
import shutil

import pytest

from psro_comm.metagame.intervals import Interval
from psro_comm.reports.meta_solvers import render_study
from psro_comm.studies.over_seeds import over_seeds, verdicts
from tests.bin.programs import run, run_each


@pytest.mark.slow
def test_whole_runs_are_compared_and_resumed_whatever_the_workers(tmp_path):
    flags = ("--run=s", "--solvers=nash,uniform_biased", "--psro.iterations=2")
    flags += ("--psro.paper",)
    done = run("study_meta_solvers", tmp_path, *flags)
    assert done.returncode == 0, done.stderr
    saved = tmp_path / "s.json"
    first = saved.read_bytes()
    result = json.loads(first)
    assert [row["solver"] for row in result["rows"]] == ["nash", "uniform_biased"]
    for row in result["rows"]:
        assert len(row["steps"]) == 2  # equal budgets, converged or not
        for step in row["steps"]:
            assert step["nash_conv"] >= 0
        assert set(row["against"]) == {"nash", "uniform_biased"}
    # The first iteration answers uniform mixtures, whatever solves later tables.
    one, other = (row["steps"][0] for row in result["rows"])
    assert one["population_nash_conv"] == other["population_nash_conv"]
    assert result["verdicts"][0]["verdict"].startswith("cannot tell")
    # As a kill in the middle leaves it: the second solver and the cross table absent.
    for folder in ("s-uniform_biased-0", "s-cross-0"):
        shutil.rmtree(tmp_path / folder)
    saved.unlink()
    again = run("study_meta_solvers", tmp_path, *flags, "--workers=2")
    assert again.returncode == 0, again.stderr
    assert saved.read_bytes() == first


BAD = [
    ("--solvers=nash", "two solvers"),
    ("--solvers=nash,nahs", "allowed: all, or nash, max_entropy"),
    ("--solvers=nash,nash", "allowed: all, or nash, max_entropy"),
    ("--solvers=", "allowed: all, or nash, max_entropy"),
    ("--seeds=0,one", "--seeds has 'one', allowed are whole numbers from 0"),
    ("--seeds=0,-1", "--seeds has '-1'"),
    ("--seeds=2,2", "must name each seed once"),
    ("--seeds=", "must name each seed once"),
    ("--seed=3 --seeds=1,2", "--seed has no effect beside --seeds"),
    ("--out=results", "--out is 'results', must be a .json file"),
    ("--team=nobody", "'nobody' does not exist"),
    ("--run=../s", "bad name '../s'"),
]
UNKNOWN = ("resamples=9", "psro.meta_solver=prd", "payoffs=a.nfg")


def test_bad_input_is_one_line_before_any_work(tmp_path):
    lines = [[*line.split(), f"--runs_dir={tmp_path}"] for line, _ in BAD]
    for (line, words), (code, said) in zip(
        BAD, run_each("study_meta_solvers", lines), strict=True
    ):
        assert code == 2, (line, said)
        assert words in said, (line, said)
        assert said.count("\n") == 1, (line, said)
    unknown = run_each("study_meta_solvers", [[f"--{flag}"] for flag in UNKNOWN])
    for flag, (code, said) in zip(UNKNOWN, unknown, strict=True):
        assert code == 1, (flag, said)
        name = flag.partition("=")[0]
        assert f"Unknown command line flag '{name}'" in said
    assert not list(tmp_path.iterdir())


def test_a_dry_run_prints_what_would_be_run_and_makes_nothing(tmp_path):
    flags = ("--run=s", "--solvers=nash,uniform,prd", "--seeds=4,7", "--dry_run")
    done = run("study_meta_solvers", tmp_path, *flags)
    assert done.returncode == 0, done.stderr
    assert "seeds 4, 7: 6 runs of 2 iterations" in done.stdout
    stages = {line[:38].strip(): line[38:].split()[0] for line in lines(done)[1:-1]}
    assert stages["team"] == "2"
    # 3 solvers, 2 seeds, 2 iterations, 1 restart
    for kind in ("stealthy attacks", "guided attacks", "tracking filters, going on"):
        assert stages[f"R-MACRL {kind}"] == "12"
    assert stages["fresh attacks on the results"] == "6"
    assert "about" in lines(done)[-1]
    assert not list(tmp_path.iterdir())


def lines(done) -> list[str]:
    return done.stdout.strip().splitlines()


def rows_of(*finals: tuple[str, int, float]) -> list[dict]:
    return [
        {
            "solver": solver,
            "seed": seed,
            "steps": [{"nash_conv": value, "population_nash_conv": value}],
            "fresh": {"estimate": -value},
        }
        for solver, seed, value in finals
    ]


def test_verdicts_are_paired_by_seed_and_may_be_that_nobody_can_tell():
    clear = rows_of(
        *(("nash", seed, 1.0 + seed) for seed in range(3)),
        *(("uniform", seed, 3.0 + seed + 0.01 * seed) for seed in range(3)),
    )
    found = {v["quantity"]: v for v in verdicts(clear, ["nash", "uniform"])}
    assert found["nash_conv"]["verdict"].startswith("higher by 2.0")
    assert found["fresh"]["verdict"].startswith("lower by 2.0")
    single = verdicts(clear[:1] + clear[3:4], ["nash", "uniform"])
    assert single[0]["verdict"] == "cannot tell: too few samples"
    assert single[0]["difference"] == 2.0
    noisy = rows_of(
        ("nash", 0, 1.0), ("nash", 1, 1.0), ("uniform", 0, 0.0), ("uniform", 1, 3.0)
    )
    assert "contains zero" in verdicts(noisy, ["nash", "uniform"])[0]["verdict"]


def test_a_study_of_several_seeds_says_means_and_every_seeds_difference():
    rows = rows_of(
        *(("nash", seed, 1.0 + seed) for seed in range(3)),
        *(("uniform", seed, 2.0 + 3 * seed) for seed in range(3)),
    )
    for row in rows:
        earned = {"estimate": row["seed"] + 7.0, "low": 6.0, "high": 9.0}
        row["against"] = {"nash": earned, "uniform": earned}
        row["fresh"] |= {"low": -9.0, "high": 9.0}
    names = ["nash", "uniform"]
    found = over_seeds(rows, names)
    # of 2, 5, 8: mean 5, t(2) = 4.303, s = 3
    expected = {"estimate": 5.0, "low": 5 - 7.452, "high": 5 + 7.452}
    assert found[1]["nash_conv"][0] == pytest.approx(expected, abs=2e-3)
    assert found[0]["against"]["uniform"]["estimate"] == 8.0
    assert over_seeds(rows[:1] + rows[3:4], names) == []
    told = verdicts(rows, names)
    assert told[0]["by_seed"] == [1.0, 3.0, 5.0]
    beside = [{"seed": 1, "label": "the liar muted", "return": {**earned, "high": 9.5}}]
    result = {"solvers": names, "seeds": [0, 1, 2], "rows": rows, "verdicts": told}
    result["references"] = beside
    words = render_study(result | {"iterations": 1, "env_steps": 10})
    assert "mean over 3 seeds: NashConv of its mixture" in words
    assert "5.00 [-2.45, 12.45]" in words
    assert re.search(r"the liar muted, seed 1 +9\.00 \[6\.00, 9\.50\]", words)
    assert (
        "the interval contains zero, 3.00 [-1.97, 7.97] (by seed: +1.00, +3.00" in words
    )
    del told[0]["by_seed"]  # as a study of an earlier commit saved it
    assert "by seed" not in render_study(
        result | {"iterations": 1, "env_steps": 10, "verdicts": told[:1]}
    )


def test_seeds_that_agree_are_not_shown_to_the_last_digit():
    assert str(Interval(29.36, 29.36 - 4e-14, 29.36 + 4e-14)) == "29.36 [29.36, 29.36]"
    assert str(Interval(0.5, 0.4999, 0.5001)) == "0.500000 [0.499900, 0.500100]"
