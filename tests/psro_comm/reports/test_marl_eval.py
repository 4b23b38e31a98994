"""marl-eval's JSON: every environment is what its loader takes, and nothing is lost."""

import dataclasses
import json

import pytest

from psro_comm.reports.leaderboard import entries, write_leaderboard
from psro_comm.reports.results import write_results
from psro_comm.reports.seeds import by_variant, read_finished
from psro_comm.reports.tables.marl_eval import as_marl_eval
from tests.hand_made_run import stored
from tests.psro_comm.reports.test_suite import FOUND, STRONG


def results(seeds: dict[str, dict[str, list[int]]]):
    """Results with these seeds of each task and defender; each worst is its seed's."""
    return {
        task: {
            name: {seed: {"worst_return": 100.0 + seed} for seed in numbers}
            for name, numbers in defenders.items()
        }
        for task, defenders in seeds.items()
    }


def test_tasks_with_the_same_defenders_and_seeds_are_compared_in_one_environment():
    data = as_marl_eval(results({t: {"a": [0, 1], "b": [1, 0]} for t in ("x", "y")}))
    assert [*data] == ["psro_comm"]
    assert {*data["psro_comm"]} == {"x", "y"}
    assert {*data["psro_comm"]["y"]["b"]} == {"seed_0", "seed_1"}
    run = data["psro_comm"]["x"]["a"]["seed_1"]
    assert run["absolute_metrics"]["worst_return"] == [101.0]
    assert run["step_0"]["step_count"] == 0


def test_what_does_not_match_is_in_environments_of_its_own_and_nothing_is_lost():
    asked = {
        "x": {"a": [0, 1], "b": [0, 1], "c": [0]},
        "y": {"a": [0, 1], "b": [0, 1]},
        "z": {"a": [0, 1]},
    }
    data = as_marl_eval(results(asked))
    assert [*data] == ["psro_comm", "psro_comm_2", "psro_comm_3"]
    kept = set()
    for tasks in data.values():
        shapes = {
            (defender, tuple(sorted(runs)))
            for defenders in tasks.values()
            for defender, runs in defenders.items()
        }
        # Each task has each defender with each run, as marl-eval's arrays need it.
        assert len({runs for _, runs in shapes}) == 1
        assert all(len(defenders) == len(shapes) for defenders in tasks.values())
        kept |= {(t, d, r) for t, ds in tasks.items() for d in ds for r in ds[d]}
    wanted = {(t, d, f"seed_{s}") for t in asked for d in asked[t] for s in asked[t][d]}
    assert kept == wanted


def test_other_metrics_are_another_environment():
    found = results({"x": {"a": [0]}, "y": {"a": [0]}})
    found["y"]["a"][0]["clean_return"] = 1.0
    assert [*as_marl_eval(found)] == ["psro_comm", "psro_comm_2"]


def test_stories_are_written_by_whom_each_defender_met(tmp_path):
    runs = [read_finished(stored(tmp_path / f"r{seed}", seed)) for seed in (0, 1)]
    write_results(by_variant(runs), tmp_path / "out", "made so")
    data = json.loads((tmp_path / "out/marl_eval.json").read_text())
    (defenders,) = data["psro_comm"].values()
    run = defenders["R-MACRL"]["seed_1"]["absolute_metrics"]
    columns = [row for row in runs[0].report.columns if row.defender == "R-MACRL"]
    assert len(run) == len(columns) > 2
    (met,) = [row for row in columns if row.attacker == "meta-equilibrium"]
    assert run["meta_equilibrium_return"] == [met.returns.estimate]


def test_names_are_what_its_loader_reads(tmp_path):
    assert [*as_marl_eval(results({"x": {"a, b": [0]}}))["psro_comm"]["x"]] == ["a; b"]
    with pytest.raises(ValueError, match=r"defender 'psro' of x is 'PSRO' .* by --row"):
        as_marl_eval(results({"x": {"PSRO": [0], "psro": [0]}}))
    alike = [dataclasses.replace(STRONG, defender=name) for name in ("f/A", "f/a")]
    found = entries([dataclasses.replace(FOUND, kept=tuple(alike))], {})
    with pytest.raises(ValueError, match="neither capitals nor commas"):
        write_leaderboard(found, tmp_path / "out", "made so")
    assert not (tmp_path / "out").exists()
