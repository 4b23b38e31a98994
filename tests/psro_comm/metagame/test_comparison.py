"""Meta-solvers side by side on a table whose answers are known."""

import itertools
import json

import numpy as np
import pytest

from psro_comm.metagame.comparison import chosen, compare, distance, entropy
from psro_comm.metagame.meta_game import MetaGame
from psro_comm.metagame.solvers import META_SOLVERS, response_graph, solve
from psro_comm.reports.tables.comparison import render_comparison as render

CYCLE = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])
NOISY = MetaGame(("a", "b", "c"), ("x", "y", "z"), CYCLE, np.full((3, 3), 0.2))


def test_every_solver_gets_a_line_and_known_numbers() -> None:
    ticks = itertools.count()
    names = ["nash", "uniform", "last_iterate"]
    rng = np.random.default_rng(0)
    result = compare(NOISY, names, rng, num_samples=8, clock=lambda: next(ticks))
    nash, uniform, last = result["solvers"]
    assert [row["solver"] for row in (nash, uniform, last)] == names
    assert nash["nash_conv"] == pytest.approx(0, abs=1e-12)
    assert last["nash_conv"] == 2.0
    assert last["guarantee"] == -1.0
    assert uniform["entropy"] == pytest.approx([np.log(3)] * 2)
    assert last["support"] == [1, 1]
    assert nash["seconds"] == 1
    # Uniform does not look at payoffs, so that noise cannot move it; Nash does.
    assert uniform["sensitivity"] == 0.0
    assert nash["sensitivity"] > 0.05
    assert nash["nash_conv_resampled"]["estimate"] > 0.05
    distances = np.array(result["distances"])
    np.testing.assert_allclose(distances, distances.T)
    np.testing.assert_allclose(distances[0], [0, 0, 2 / 3], atol=1e-9)
    assert json.loads(json.dumps(result)) == result
    for words in ("last_iterate", "NashConv", "c 1.000"):
        assert words in render(result)


def test_a_table_without_noise_has_no_sensitivity() -> None:
    bare = MetaGame(NOISY.defenders, NOISY.attackers, CYCLE)
    result = compare(bare, ["nash"], np.random.default_rng(0))
    assert result["resamples"] == 0
    assert result["solvers"][0]["sensitivity"] is None
    assert "sensitivity" not in render(result).splitlines()[2]


def test_a_fallback_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response_graph, "MAX_PROFILES", 400)
    rng = np.random.default_rng(0)
    names = [str(k) for k in range(21)]
    result = compare(
        MetaGame(names, names, rng.standard_normal((21, 21))), ["alpha_rank"], rng
    )
    assert "alpha_rank -> nash" in render(result)
    assert "failed: alpha_rank" in render(result)
    noisy = MetaGame(names, names, rng.standard_normal((21, 21)), np.ones((21, 21)))
    result = compare(noisy, ["alpha_rank", "nash"], rng, num_samples=2)
    fallen = [row["resamples_fallen_back"] for row in result["solvers"]]
    assert fallen == [2, 0]
    assert "alpha_rank on 2 of 2 resamples" in render(result)


def test_entropy_and_distance_by_hand() -> None:
    assert entropy(np.array([1.0, 0.0])) == 0.0
    assert entropy(np.array([0.5, 0.5])) == pytest.approx(np.log(2))
    first, newest = solve("nash", np.eye(2)), solve("last_iterate", np.eye(2))
    assert distance(first, first) == 0.0
    assert distance(first, newest) == pytest.approx(0.5)


def test_names_are_checked() -> None:
    assert chosen(["all"]) == list(META_SOLVERS)
    assert chosen(["nash", "prd"]) == ["nash", "prd"]
    for bad in (["nahs"], ["nash", "nash"], []):
        with pytest.raises(ValueError, match="allowed: all"):
            chosen(bad)
