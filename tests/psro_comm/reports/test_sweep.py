"""What a sweep of any program says: the numbers that all seeds have, pooled."""

from psro_comm.disk.store import RunStore
from psro_comm.reports.sweep import numbers, shared, write_sweep


def test_numbers_are_found_by_name_and_intervals_by_their_estimate():
    data = {
        "value": {"estimate": 2.0, "low": 1.0, "high": 3.0},
        "history": [{"gain": 5}, {"gain": 4}],
        "x_mixture": {"a": 1.0},
        "converged": True,
        "task": "echo",
        "none": None,
        "weights": [0.5, 0.5],
    }
    assert dict(numbers(data, "psro")) == {
        "psro.value": 2.0,
        "psro.history.last.gain": 4,
    }


def test_only_what_all_seeds_have_is_pooled():
    assert list(shared([{"a": 1.0, "b": 2.0}, {"a": 3.0}])) == [("a", [1.0, 3.0])]


def test_a_sweep_of_another_program_is_a_table_over_seeds(tmp_path):
    roots = []
    for seed, value in enumerate((1.0, 2.0, 3.0)):
        root = tmp_path / f"r-{seed}"
        with RunStore.open(root, {"seed": seed}) as store:
            store.save_json("psro", {"value": value})
            store.save_json("payoffs-000", {"cells": 7})
        roots.append(root)
    groups = {("echo", "psro.meta_solver=prd"): roots, ("echo", ""): roots[:1]}
    (path,) = write_sweep("run_psro", groups, tmp_path / "out", "python -m bin.sweep")
    text = path.read_text()
    assert "## echo, psro.meta_solver=prd\n\nRuns: r-0, r-1, r-2." in text
    assert "| psro.value | 2.00 [-0.48, 4.48] |" in text
    assert "| psro.value | 1 |" in text
    assert "cells" not in text
