"""The analysis of meta-games whose every number is known by hand."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from psro_comm.metagame.analysis import analyse, resampled_games
from psro_comm.metagame.meta_game import MetaGame
from psro_comm.metagame.solvers import nash
from psro_comm.metagame.structure import (
    additive_parts,
    cyclic_share,
    dominance_margins,
    value_shares,
)
from psro_comm.reports.tables.analysis import render_analysis

CYCLE = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])
RATED = np.add.outer([3.0, 1.0, 0.0], [0.0, -2.0])
NAMES = ("a", "b", "c"), ("x", "y", "z")


def game_of(matrix: np.ndarray, **known: np.ndarray) -> MetaGame:
    m, n = matrix.shape
    return MetaGame(NAMES[0][:m], NAMES[1][:n], matrix, **known)


def test_a_cycle_is_all_cyclic_and_ratings_are_not_at_all() -> None:
    assert cyclic_share(CYCLE) == pytest.approx(1.0)
    assert cyclic_share(5 + RATED) == pytest.approx(0.0, abs=1e-25)
    assert cyclic_share(np.full((2, 3), 7.0)) == 0.0
    assert cyclic_share(np.array([[0.5, 0.67], [0.33, 0.5]])) == 0.0  # not 2.7e-31
    # Orthogonal parts of squared length 6 each, hence one half.
    both = CYCLE + np.array([1.0, 0.0, -1.0])[:, None]
    assert cyclic_share(both) == pytest.approx(0.5)


@given(hnp.arrays(np.float64, (3, 4), elements=st.floats(-9, 9)))
def test_the_parts_are_orthogonal_and_add_up(matrix: np.ndarray) -> None:
    mean, rows, columns, cyclic = additive_parts(matrix)
    whole = mean + rows[:, None] + columns + cyclic
    np.testing.assert_allclose(whole, matrix, atol=1e-12)
    np.testing.assert_allclose(cyclic.sum(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(cyclic.sum(axis=1), 0, atol=1e-12)
    ratings = rows[:, None] + columns
    assert (ratings * cyclic).sum() == pytest.approx(0, abs=1e-9)


def test_dominance_by_a_mixture_has_the_margin_of_the_best_mixture() -> None:
    # Row 2 earns 1 everywhere, half and half of the others 2: dominated by 1.
    matrix = np.array([[4.0, 0.0], [0.0, 4.0], [1.0, 1.0]])
    np.testing.assert_allclose(dominance_margins(matrix), [0, 0, 1], atol=1e-12)
    np.testing.assert_allclose(dominance_margins(-matrix.T), [0, 0], atol=1e-12)


def test_the_values_variance_comes_from_the_cells_in_the_support() -> None:
    matrix = np.array([[4.0, 1.0], [2.0, 3.0]])  # x = (1/4, 3/4), y = (1/2, 1/2)
    shares = value_shares(*nash(matrix), np.ones((2, 2)))
    np.testing.assert_allclose(shares, np.array([[1, 1], [9, 9]]) / 20)
    # Envelope theorem, seen: a little more in one cell moves the value by x_i y_j.
    step = np.zeros((2, 2))
    step[1, 0] = 1e-5
    x, y = nash(matrix + step)
    assert x @ (matrix + step) @ y - 2.5 == pytest.approx(0.375e-5, rel=1e-3)


def test_resamples_are_worlds_where_known_else_normal_else_none() -> None:
    rng = np.random.default_rng(0)
    returns = rng.standard_normal((2, 2, 50)) + rng.standard_normal(50)
    known = {"std_error": np.full((2, 2), 0.5)}
    by_world = game_of(returns.mean(-1), returns=returns, **known)
    normal = game_of(returns.mean(-1), **known)
    assert resampled_games(game_of(CYCLE), rng, 9).shape == (1, 3, 3)
    drawn = resampled_games(normal, rng, 4000)
    np.testing.assert_array_equal(drawn[0], normal.mean)
    np.testing.assert_allclose(drawn[1:].std(axis=0), 0.5, rtol=0.06)
    # Worlds are shared by all cells, so resampled cells move together.
    drawn = resampled_games(by_world, rng, 2000)[1:].reshape(-1, 4)
    assert np.corrcoef(drawn.T)[0, 1] > 0.3


def test_the_report_of_a_game_by_hand() -> None:
    matrix = np.array([[4.0, 1.0], [2.0, 3.0], [0.0, 0.0]])
    game = game_of(matrix, std_error=np.full((3, 2), 1e-3), episodes=np.full((3, 2), 9))
    report = analyse(game, np.random.default_rng(0), num_samples=200)
    assert report["value"]["estimate"] == pytest.approx(2.5)
    # s.e. of the value: 1e-3 sqrt(20) / 8, by the shares above.
    half = (report["value"]["high"] - report["value"]["low"]) / 2
    assert half == pytest.approx(1.96 * 1e-3 * np.sqrt(20) / 8, rel=0.2)
    assert report["nash_conv"]["low"] == 0.0
    assert 0 < report["nash_conv"]["high"] < 0.01
    first, second, third = report["defenders"]
    assert first["weight"] == pytest.approx(0.25)
    assert second["nash_weight"]["estimate"] == pytest.approx(0.75)
    assert (third["support_frequency"], third["dominated_frequency"]) == (0.0, 1.0)
    assert third["regret"]["estimate"] == pytest.approx(2.5)
    assert third["dominated_by_margin"] == pytest.approx(2.5)
    assert first["dominated_frequency"] == 0.0
    assert report["security"]["policy"] == "b"
    assert report["security"]["pure"]["estimate"] == 2.0
    assert 2.0 < report["security"]["robust_guarantee"] < 2.5
    assert [c["defender"] for c in report["cells"][:2]] == ["b", "b"]
    assert json.loads(json.dumps(report)) == report
    for words in ("2.5", "at most", "best single defender", "b / "):
        assert words in render_analysis(report)


def test_a_table_without_noise_has_numbers_and_no_intervals() -> None:
    report = analyse(game_of(CYCLE), np.random.default_rng(0), meta_solver="uniform")
    assert report["value"] == {"estimate": pytest.approx(0), "low": None, "high": None}
    assert report["nash_conv"]["high"] is None
    assert "nan" not in render_analysis(report)


def test_regret_of_a_heuristic_is_what_it_leaves_on_the_table() -> None:
    report = analyse(
        game_of(CYCLE), np.random.default_rng(0), meta_solver="last_iterate"
    )
    # Against pure scissors: rock earns 1, paper -1, scissors 0.
    regrets = [each["regret"]["estimate"] for each in report["defenders"]]
    assert regrets == [0.0, 2.0, 1.0]
    assert report["nash_conv"]["estimate"] == 2.0


def test_weights_and_nash_weights_are_of_one_equilibrium() -> None:
    # Every mixture of the attacker is optimal: two solvers took two of them.
    tied = game_of(np.array([[0.0, 0], [-1, -1]]), std_error=np.full((2, 2), 1e-3))
    report = analyse(tied, np.random.default_rng(0), num_samples=50)
    for each in (*report["defenders"], *report["attackers"]):
        assert each["weight"] == each["nash_weight"]["estimate"]
    assert report["equilibrium_unique"] == {"defender": True, "attacker": False}
    assert [each["nash_range"] for each in report["defenders"]] == [None, None]
    for each in report["attackers"]:
        assert each["nash_range"] == pytest.approx([0, 1], abs=1e-6)
    words = render_analysis(report)
    assert "other equilibria" in words
    assert "0.000 to 1.000" in words
    assert "other equilibria" not in render_analysis(
        analyse(game_of(CYCLE), np.random.default_rng(0))
    )


def test_one_forbidden_payoff_does_not_hide_the_rest() -> None:
    names = tuple("abcd"), tuple("xyz")
    for row in ([-1e10] * 3, [5, -1e10, 5]):
        report = analyse(
            MetaGame(*names, np.vstack([CYCLE, row])), np.random.default_rng(0)
        )
        assert report["nash_conv"]["estimate"] < 1e-9
        weights = [each["weight"] for each in report["defenders"]]
        np.testing.assert_allclose(weights, [1 / 3, 1 / 3, 1 / 3, 0], atol=1e-9)
        (note,) = report["notes"]
    assert note.startswith("a few payoffs make the spread 1e+10, that of most is 2:")


def test_what_scale_hides_all_the_same_is_said(monkeypatch) -> None:
    from psro_comm.metagame import analysis

    monkeypatch.setattr(analysis, "met_gap", lambda *_: 0.5)
    report = analyse(game_of(CYCLE), np.random.default_rng(0))
    assert "WARNING: the equilibrium's NashConv" in report["notes"][0]
    assert "note: WARNING" in render_analysis(report)


@pytest.mark.parametrize("solver", ["nash", "robust", "prd"])
def test_a_forbidden_pair_hides_no_number(solver: str) -> None:
    mean = np.vstack([[[1.0, 0, 0.3], [0, 1, 0.4]], [[5, -1e10, 5]]])
    game = game_of(mean, std_error=np.full((3, 3), 0.1))
    rng = np.random.default_rng(0)
    report = analyse(game, rng, num_samples=10, meta_solver=solver)
    words = render_analysis(report)
    # Of the two upper rows alone: 0.4 p + 0.3 (1 - p) = 1 - p, hence 4 / 11.
    assert report["value"]["estimate"] == pytest.approx(4 / 11)
    safe = game_of(mean[:2], std_error=np.full((2, 3), 0.1))
    alone = analyse(safe, rng, num_samples=10)["security"]
    # The region of three rows is larger.
    assert 0 < alone["robust_guarantee"] - report["security"]["robust_guarantee"] < 0.1
    assert report["security"]["robust_mixture"]["c"] < 1e-9
    assert report["meta_solver"] == ("nash" if solver == "prd" else solver)
    assert ("failed: prd: payoffs spread over 1.0e+10" in words) is (solver == "prd")
    assert "a few payoffs make the spread 1e+10, that of most is 1" in words
    assert report["equilibrium_unique"]["defender"] is not False
    json.dumps(report, allow_nan=False)


def test_a_robust_mixture_that_is_not_proven_is_left_out(monkeypatch) -> None:
    from psro_comm.metagame.solvers import cone_program

    monkeypatch.setattr(cone_program, "_ALLOWED", -1.0)
    game = game_of(CYCLE, std_error=np.full((3, 3), 0.1))
    report = analyse(game, np.random.default_rng(0), num_samples=20)
    assert "robust_guarantee" not in report["security"]
    assert "robust mixture left out: its guarantee is" in render_analysis(report)


def test_a_gap_that_the_usual_payoffs_show_is_a_warning():
    # Of nine payoffs three forbid: their size hides what is left to gain.
    far = -1e10
    mean = np.array([[-0.732, -0.544, -0.316], [0.412, far, -0.129], [far, far, 0.352]])
    game = MetaGame(("r", "s", "t"), ("a", "b", "c"), mean)
    notes = analyse(game, np.random.default_rng(0))["notes"]
    assert any("NashConv, " in each and "is not small" in each for each in notes)
    calm = MetaGame(("r", "s"), ("a", "b"), np.array([[0.0, 1.0], [1.0, 0.0]]))
    assert analyse(calm, np.random.default_rng(0))["notes"] == []
