"""Meta-solvers side by side: a table from Gambit, and whole runs that resume."""

import json
import shutil

import pytest

from psro_comm.solver_study import verdicts
from tests.bin.programs import run


def test_a_table_is_compared(tmp_path):
    path = tmp_path / "game.nfg"
    names = '{ "A" "B" } { { "a" "b" } { "x" "y" } } ""'
    path.write_text(f'NFG 1 R "by hand" {names}\n4 -4 2 -2 1 -1 3 -3')
    done = run("compare_meta_solvers", tmp_path, f"--payoffs={path}", "--solvers=all")
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "solvers-game.json").read_text())
    assert len(result["solvers"]) == 13
    assert result["solvers"][0]["value"] == pytest.approx(2.5)
    assert "by hand" in done.stdout


@pytest.mark.slow
def test_whole_runs_are_compared_and_resumed_whatever_the_workers(tmp_path):
    flags = ("--run=s", "--solvers=nash,uniform_biased", "--psro.iterations=2")
    done = run("compare_meta_solvers", tmp_path, *flags)
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
    again = run("compare_meta_solvers", tmp_path, *flags, "--workers=2")
    assert again.returncode == 0, again.stderr
    assert saved.read_bytes() == first


def test_bad_studies_are_refused_before_any_work(tmp_path):
    done = run("compare_meta_solvers", tmp_path, "--solvers=nash")
    assert "two solvers" in done.stderr
    assert not list(tmp_path.iterdir())


def rows_of(*finals: tuple[str, int, float]) -> list[dict]:
    return [
        {
            "solver": solver,
            "seed": seed,
            "steps": [{"nash_conv": value, "population_nash_conv": value}],
            "worst_case": {"estimate": -value},
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
    assert found["worst_case"]["verdict"].startswith("lower by 2.0")
    single = verdicts(clear[:1] + clear[3:4], ["nash", "uniform"])
    assert single[0]["verdict"] == "cannot tell: too few samples"
    assert single[0]["difference"] == 2.0
    noisy = rows_of(
        ("nash", 0, 1.0), ("nash", 1, 1.0), ("uniform", 0, 0.0), ("uniform", 1, 3.0)
    )
    assert "contains zero" in verdicts(noisy, ["nash", "uniform"])[0]["verdict"]
