"""Every meta-solver: its promises, what is known of it, and where it fails."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from open_spiel.python import policy as openspiel_policy
from open_spiel.python.algorithms import exploitability
from open_spiel.python.algorithms.psro_v2 import psro_v2

from games.openspiel.adversarial_comm import as_matrix_game
from psro_comm.metagame.regret import nash_conv
from psro_comm.metagame.solvers import (
    EXACT,
    META_SOLVERS,
    MetaSolverError,
    as_openspiel,
    solve,
)
from psro_comm.metagame.solvers.scale import is_ill_scaled

CYCLE = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])  # rock, paper, scissors
BIASED = np.array([[0.0, -0.25, 0.5], [0.25, 0.0, -0.05], [-0.5, 0.05, 0.0]])
BIASED_ANSWER = np.array([1, 10, 5]) / 16
AVERAGES = (
    "fictitious_play",
    "replicator",
    "prd",
    "regret_matching",
    "multiplicative_weights",
)
QUICK = sorted(set(META_SOLVERS) - set(AVERAGES))
DEGENERATE = {
    "1x1": np.array([[-7.0]]),
    "1xn": np.array([[3.0, -1.0, 2.0]]),
    "nx1": np.array([[3.0], [-1.0], [2.0]]),
    "duplicate rows": np.repeat(BIASED, 2, axis=0),
    "duplicate columns": np.repeat(BIASED, 3, axis=1),
    "constant": np.full((2, 4), 5.0),
    "tiny": BIASED * 1e-12,
    "huge": BIASED * 1e12,
    "far from zero": 1e6 + BIASED,
}


@st.composite
def matrices(draw: st.DrawFn) -> np.ndarray:
    shape = draw(hnp.array_shapes(min_dims=2, max_dims=2, max_side=5))
    matrix = draw(hnp.arrays(np.float64, shape, elements=st.floats(-10, 10, width=32)))
    return matrix * 10.0 ** draw(st.integers(-12, 12))


def check(name: str, matrix: np.ndarray, std_errors: np.ndarray | None = None) -> None:
    """What every meta-solver promises of any table."""
    try:
        x, y = META_SOLVERS[name](matrix, std_errors)
    except MetaSolverError:
        if is_ill_scaled(matrix):  # a few payoffs make nearly all of the spread
            return
        raise
    for mixture, size in zip((x, y), matrix.shape, strict=True):
        assert mixture.shape == (size,)
        assert (mixture >= 0).all()
        assert mixture.sum() == pytest.approx(1, abs=1e-12)
    if name in EXACT:
        allowed = 1e-6 * np.ptp(matrix) + 1e-12 * np.abs(matrix).max()
        assert nash_conv(matrix, x, y) <= allowed


@pytest.mark.parametrize("name", QUICK)
@settings(deadline=None, max_examples=20, derandomize=True)
@given(matrix=matrices())
def test_mixtures_lie_on_the_simplex_and_exact_ones_are_equilibria(
    name: str, matrix: np.ndarray
) -> None:
    check(name, matrix, 0.1 * np.abs(matrix))


@pytest.mark.parametrize("name", AVERAGES)
@settings(deadline=None, max_examples=3, derandomize=True)
@given(matrix=matrices())
def test_averages_lie_on_the_simplex(name: str, matrix: np.ndarray) -> None:
    check(name, matrix)


@pytest.mark.parametrize("name", META_SOLVERS)
@pytest.mark.parametrize("family", DEGENERATE)
def test_degenerate_games_are_solved_without_a_fallback(name: str, family: str) -> None:
    matrix = DEGENERATE[family]
    noise = np.full(matrix.shape, 0.1 * np.abs(matrix).max())
    assert solve(name, matrix, noise).solver == name
    if name not in AVERAGES:
        check(name, matrix)


@pytest.mark.parametrize("name", sorted({*META_SOLVERS} - {"last_iterate"}))
def test_units_do_not_matter(name: str) -> None:
    noise = np.full(BIASED.shape, 0.02)
    x, y = META_SOLVERS[name](BIASED, noise)
    scaled_x, scaled_y = META_SOLVERS[name](1e9 * BIASED + 1e9, 1e9 * noise)
    np.testing.assert_allclose(scaled_x, x, atol=1e-6)
    np.testing.assert_allclose(scaled_y, y, atol=1e-6)


@pytest.mark.parametrize("name", AVERAGES)
def test_averages_come_near_the_biased_answer_and_no_nearer(name: str) -> None:
    # Their known failure: a fixed number of steps leaves a gap that Nash has not.
    x, y = META_SOLVERS[name](BIASED)
    np.testing.assert_allclose(x, BIASED_ANSWER, atol=0.06)
    assert 1e-5 < nash_conv(BIASED, x, y) < 0.01


@pytest.mark.parametrize("name", ["replicator", "prd", "multiplicative_weights"])
def test_averages_miss_an_edge_that_is_small_beside_the_spread(name: str) -> None:
    # Row 1 dominates row 0 by 1e-4 of the spread: all weight is its due.
    matrix = np.array([[0.0, 1.0], [1e-4, 1.0001]])
    x, _ = META_SOLVERS[name](matrix)
    assert x[1] < 0.9
    assert META_SOLVERS["nash"](matrix)[0][1] == 1.0


def test_the_regularised_replicator_stops_as_soon_as_little_is_left_to_gain() -> None:
    for matrix in (CYCLE + np.diag([0.6, 0, 0]), BIASED * 1e6 - 3):
        spread = np.ptp(matrix)
        x, y = META_SOLVERS["rrd"](matrix)
        assert 0.04 * spread < nash_conv(matrix, x, y) <= 0.05 * spread
        assert min(*x, *y) > 0.01  # where Nash has weights of zero, too
    x, _ = META_SOLVERS["rrd"](CYCLE)
    np.testing.assert_allclose(x, 1 / 3)  # nothing to gain: uniform play remains


def test_fictitious_play_answers_a_tie_with_the_first_policy_for_ever() -> None:
    x, _ = META_SOLVERS["fictitious_play"](np.zeros((3, 2)))
    np.testing.assert_allclose(x, [1, 0, 0])


def test_multiplicative_weights_keep_their_bound() -> None:
    rng = np.random.default_rng(0)
    for m, n in ((2, 9), (8, 8)):
        matrix = rng.random((m, n))
        conv = nash_conv(matrix, *META_SOLVERS["multiplicative_weights"](matrix))
        bound = (np.sqrt(np.log(m)) + np.sqrt(np.log(n))) / np.sqrt(2 * 5_000)
        assert conv <= bound * np.ptp(matrix)


def test_uniform_biased_weighs_each_policy_e_times_the_one_before() -> None:
    x, y = META_SOLVERS["uniform_biased"](np.zeros((3, 2)))
    np.testing.assert_allclose(x[1:] / x[:-1], np.e)
    np.testing.assert_allclose(y[1] / y[0], np.e)


def test_controls_without_game_theory_are_exploitable() -> None:
    # uniform: row 0 earns 0.25 / 3 against it; the newest alone loses all there is.
    conv = nash_conv(BIASED, *META_SOLVERS["uniform"](BIASED))
    assert conv == pytest.approx(2 * 0.25 / 3)
    assert nash_conv(CYCLE, *META_SOLVERS["last_iterate"](CYCLE)) == 2.0


@pytest.mark.parametrize("name", META_SOLVERS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_unknown_payoffs_raise(name: str, bad: float) -> None:
    matrix = np.ones((2, 3))
    matrix[1, 2] = bad
    with pytest.raises(ValueError, match=r"\[1, 2\] is -?(nan|inf)"):
        META_SOLVERS[name](matrix)
    with pytest.raises(ValueError, match=r"\[1, 2\] is -?(nan|inf)"):
        solve(name, matrix)


@pytest.mark.parametrize("name", META_SOLVERS)
@pytest.mark.parametrize("shape", [(0, 0), (0, 2), (2, 0), (2,), (2, 2, 2)])
def test_what_is_no_matrix_raises(name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"must be \[m, n\]"):
        META_SOLVERS[name](np.zeros(shape))


BROKEN = {
    "nan": lambda payoffs, errors=None: (np.full(2, np.nan), np.full(2, 0.5)),
    "negative": lambda payoffs, errors=None: (np.array([1.5, -0.5]), np.full(2, 0.5)),
    "sum": lambda payoffs, errors=None: (np.full(2, 0.4), np.full(2, 0.5)),
    "shape": lambda payoffs, errors=None: (np.full(3, 1 / 3), np.full(2, 0.5)),
    "none": lambda payoffs, errors=None: None,
    "words": lambda payoffs, errors=None: ("a", "b"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_what_is_no_mixture_is_replaced_and_recorded(how: str, caplog: Any) -> None:
    registry = {**META_SOLVERS, "mine": BROKEN[how]}
    found = solve("mine", np.array([[4.0, 1.0], [2.0, 3.0]]), registry=registry)
    np.testing.assert_allclose(found.x, [0.25, 0.75], atol=1e-9)
    assert found.solver == "nash"
    assert found.failures[0].startswith("mine: ")
    assert "mine" in caplog.text


def test_an_exact_solver_that_is_inexact_is_replaced() -> None:
    registry = {**META_SOLVERS, "nash": META_SOLVERS["uniform"]}
    found = solve("max_entropy", BIASED, registry={**registry})
    assert found.solver == "max_entropy"
    found = solve("nash", BIASED, registry=registry)
    assert (found.solver, len(found.failures)) == ("regret_matching", 1)


def test_without_any_solver_left_a_typed_error_names_them_all() -> None:
    registry = dict.fromkeys(META_SOLVERS, BROKEN["sum"])
    with pytest.raises(MetaSolverError, match=r"nash.*regret_matching"):
        solve("nash", np.eye(2), registry=registry)


def test_an_unknown_solver_is_named() -> None:
    with pytest.raises(ValueError, match=r"'nahs', must be one of nash, "):
        solve("nahs", np.eye(2))


@pytest.mark.parametrize("name", META_SOLVERS)
def test_openspiels_nash_conv_agrees(name: str) -> None:
    matrix = np.random.default_rng(5).standard_normal((4, 3))
    x, y = META_SOLVERS[name](matrix, np.full((4, 3), 0.1))
    game = as_matrix_game(matrix, "abcd", "xyz")
    joint = openspiel_policy.TabularPolicy(game)
    joint.action_probability_array[:] = 0
    joint.action_probability_array[0, :4] = x
    joint.action_probability_array[1, :3] = y
    theirs = exploitability.nash_conv(game, joint)
    assert nash_conv(matrix, x, y) == pytest.approx(theirs, abs=1e-12)


class HiddenMatrix(psro_v2.PSROSolver):
    """Stock PSRO; a policy is the number of a row or of a column."""

    hidden = np.random.default_rng(3).standard_normal((4, 5))

    def sample_episodes(self, policies: Any, num_episodes: int) -> np.ndarray:
        payoff = self.hidden[policies[0], policies[1]]
        return np.array([payoff, -payoff])


def respond(game: Any, parameters: Any, **unused: Any) -> list[list[int]]:
    ours = parameters[0][0]
    (rows, columns), joint = (
        ours["total_policies"],
        ours["probabilities_of_playing_policies"],
    )
    hidden = HiddenMatrix.hidden
    against_y = hidden[:, columns] @ joint.sum(axis=0)
    against_x = joint.sum(axis=1) @ hidden[rows]
    return [[int(against_y.argmax())], [int(against_x.argmin())]]


@pytest.mark.parametrize("name", META_SOLVERS)
def test_a_stock_psro_solver_takes_it(name: str) -> None:
    """Joint sampling, OpenSpiel's default, which its own meta-solvers break on."""
    hidden = HiddenMatrix.hidden
    solver = HiddenMatrix(
        as_matrix_game(hidden, "abcd", "vwxyz"),
        respond,
        sims_per_entry=1,
        initial_policies=[0, 0],
        training_strategy_selector="probabilistic",
        meta_strategy_method=as_openspiel(META_SOLVERS[name]),
    )
    for _ in range(3):
        solver.iteration()
    x, y = solver.get_meta_strategies()
    assert x.shape == y.shape == (4,)
    assert solver.get_meta_game()[0].shape == (4, 4)
