"""Nash by linear programming, on textbook games and on any matrix."""

import itertools
import subprocess
import sys
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from open_spiel.python.algorithms.psro_v2 import psro_v2

from games.openspiel.adversarial_comm import as_matrix_game
from psro_comm.metagame import solvers as meta_solvers
from psro_comm.metagame.regret import nash_conv, value
from psro_comm.metagame.solvers import (
    MetaSolverError,
    linear_program,
    solve_many,
    solve_zero_sum,
)

PENNIES = np.array([[1.0, -1.0], [-1.0, 1.0]])
ROCK_PAPER_SCISSORS = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])
# Bosansky et al. 2016 (Artificial Intelligence 237), section 6.2: biased rock, paper,
# scissors. With entries (r,p) = -a, (r,s) = b, (p,s) = -c both mix (c, b, a) / (a+b+c).
#              rock  paper scissors
BIASED = np.array([[0.0, -0.25, 0.5], [0.25, 0.0, -0.05], [-0.5, 0.05, 0.0]])
BIASED_ANSWER = np.array([1, 10, 5]) / 16

UNIQUE = [  # matrix, defender, attacker, value; each has one equilibrium only
    pytest.param(PENNIES, [0.5, 0.5], [0.5, 0.5], 0.0, id="matching pennies"),
    pytest.param(
        ROCK_PAPER_SCISSORS, [1 / 3] * 3, [1 / 3] * 3, 0.0, id="rock paper scissors"
    ),
    pytest.param(BIASED, BIASED_ANSWER, BIASED_ANSWER, 0.0, id="biased"),
    # Row 1 is dominated by row 0, then the attacker's column 1 is better.
    pytest.param(
        np.array([[3.0, 2.0], [1.0, 0.0]]), [1, 0], [0, 1], 2.0, id="dominated row"
    ),
    # v = (ad - bc) / (a + d - b - c), x = (d - c) / ..., y = (d - b) / ...
    pytest.param(
        np.array([[4.0, 1.0], [2.0, 3.0]]), [0.25, 0.75], [0.5, 0.5], 2.5, id="2x2"
    ),
    pytest.param(np.array([[-7.0]]), [1], [1], -7.0, id="1x1"),
    pytest.param(np.array([[3.0, -1.0, 2.0]]), [1], [0, 1, 0], -1.0, id="1xn"),
    pytest.param(np.array([[3.0], [-1.0], [2.0]]), [1, 0, 0], [1], 3.0, id="nx1"),
]
DEGENERATE = [  # matrix, value; many equilibria
    pytest.param(np.repeat(PENNIES, 2, axis=0), 0.0, id="duplicate rows"),
    pytest.param(np.repeat(PENNIES, 3, axis=1), 0.0, id="duplicate columns"),
    pytest.param(np.zeros((3, 2)), 0.0, id="zeros"),
    pytest.param(np.full((2, 4), 1e12), 1e12, id="large constant"),
    pytest.param(np.full((2, 4), -1e-12), -1e-12, id="small constant"),
    pytest.param(np.array([[0.0, 1.0], [0.0, 1.0]]), 0.0, id="indifferent rows"),
    pytest.param(np.array([[5e-324, 0.0], [0.0, 0.0]]), 0.0, id="subnormal"),
]


@st.composite
def matrices(draw: st.DrawFn) -> np.ndarray:
    shape = draw(hnp.array_shapes(min_dims=2, max_dims=2, max_side=6))
    matrix = draw(hnp.arrays(np.float64, shape, elements=st.floats(-10, 10, width=32)))
    return matrix * 10.0 ** draw(st.integers(-12, 12))


def tolerance(*arrays: np.ndarray) -> float:
    """What the promised gap and rounding allow in a value."""
    return sum(4e-9 * np.ptp(a) + 1e-12 * np.abs(a).max() for a in arrays)


@pytest.mark.parametrize(("matrix", "x", "y", "v"), UNIQUE)
def test_nash_finds_the_textbook_answer(
    matrix: np.ndarray, x: list[float], y: list[float], v: float
) -> None:
    equilibrium = solve_zero_sum(matrix)
    np.testing.assert_allclose(equilibrium.x, x, atol=1e-9)
    np.testing.assert_allclose(equilibrium.y, y, atol=1e-9)
    assert equilibrium.value == pytest.approx(v, abs=1e-9)
    assert equilibrium.solver == "HIGHS"


@pytest.mark.parametrize(("matrix", "v"), DEGENERATE)
def test_degenerate_games_are_solved(matrix: np.ndarray, v: float) -> None:
    equilibrium = solve_zero_sum(matrix)
    assert equilibrium.value == pytest.approx(v, rel=1e-12, abs=1e-12)
    assert nash_conv(matrix, *equilibrium[:2]) <= tolerance(matrix)


@pytest.mark.parametrize("exponent", [-300, -12, -6, 0, 6, 12, 300])
@pytest.mark.parametrize("sign", [1, -1])
def test_units_of_the_return_do_not_matter(exponent: int, sign: int) -> None:
    matrix = sign * BIASED * 10.0**exponent
    x, y = meta_solvers.nash(matrix)
    np.testing.assert_allclose(x, BIASED_ANSWER, atol=1e-9)
    np.testing.assert_allclose(y, BIASED_ANSWER, atol=1e-9)


def test_a_small_game_on_top_of_a_large_return_is_solved() -> None:
    x, y = meta_solvers.nash(1e6 + 1e-4 * BIASED)
    np.testing.assert_allclose(x, BIASED_ANSWER, atol=1e-4)
    np.testing.assert_allclose(y, BIASED_ANSWER, atol=1e-4)


def test_payoffs_below_the_solvers_own_threshold_count() -> None:
    # HiGHS takes coefficients below 1e-9 for zero: to it both rows would look alike.
    matrix = np.array([[8e-10, 0.0, 1.0], [0.0, 8e-10, 1.0]])
    assert nash_conv(matrix, *meta_solvers.nash(matrix)) < 2e-10


def test_the_largest_floats_do_not_overflow() -> None:
    x, y = meta_solvers.nash(PENNIES * 1.7e308)
    np.testing.assert_allclose([x, y], 0.5)


@settings(deadline=None, max_examples=60, derandomize=True)
@given(matrix=matrices(), data=st.data())
def test_the_value_of_a_game_does_what_theory_says(
    matrix: np.ndarray, data: st.DataObject
) -> None:
    v = solve_zero_sum(matrix).value
    rows = data.draw(st.permutations(range(matrix.shape[0])))
    columns = data.draw(st.permutations(range(matrix.shape[1])))
    shift = data.draw(st.floats(-3, 3)) * np.abs(matrix).max()
    scale = data.draw(st.floats(1e-3, 1e3))
    for other, expected in (
        (matrix[np.ix_(rows, columns)], v),
        (matrix + shift, v + shift),
        (matrix * scale, v * scale),
        (-matrix.T, -v),
        (np.vstack([matrix, matrix[:1]]), v),
    ):
        error = abs(solve_zero_sum(other).value - expected)
        assert error <= tolerance(matrix, other, matrix * scale)


@settings(deadline=None, max_examples=40, derandomize=True)
@given(matrix=matrices())
def test_more_policies_help_their_owner(matrix: np.ndarray) -> None:
    full = solve_zero_sum(matrix).value
    assert solve_zero_sum(matrix[:1]).value <= full + tolerance(matrix)
    assert solve_zero_sum(matrix[:, :1]).value >= full - tolerance(matrix)


def test_random_games_have_gaps_at_rounding() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        matrix = rng.standard_normal(rng.integers(1, 20, size=2))
        equilibrium = solve_zero_sum(matrix)
        assert nash_conv(matrix, equilibrium.x, equilibrium.y) < 1e-12
        assert 0 <= equilibrium.gap < 1e-12


FAILING = {
    "absent": {"ECOS": {}},  # cvxpy dropped it: OpenSpiel's own "nash" fails so
    "stopped": {"HIGHS": {"simplex_iteration_limit": 0, "presolve": "off"}},
    "inexact": {"SCS": {"eps": 1e-2}},
}


@pytest.mark.filterwarnings("ignore:Solution may be inaccurate")
@pytest.mark.parametrize("how", FAILING)
def test_a_failing_solver_is_replaced_visibly(
    how: str, caplog: pytest.LogCaptureFixture
) -> None:
    clarabel = {"CLARABEL": meta_solvers.SOLVERS["CLARABEL"]}
    with caplog.at_level("WARNING", logger="absl"):
        equilibrium = solve_zero_sum(BIASED, solvers=FAILING[how] | clarabel)
    assert equilibrium.solver == "CLARABEL"
    np.testing.assert_allclose(equilibrium.x, BIASED_ANSWER, atol=1e-7)
    (failed,) = FAILING[how]
    assert any(failed in record.getMessage() for record in caplog.records)


@pytest.mark.filterwarnings("ignore:Solution may be inaccurate")
@pytest.mark.parametrize("how", FAILING)
def test_without_any_solver_left_a_typed_error_says_why(how: str) -> None:
    (failed,) = FAILING[how]
    with pytest.raises(MetaSolverError, match=failed):
        solve_zero_sum(BIASED, solvers=FAILING[how])


def test_highs_is_tried_first_and_clarabel_after_it() -> None:
    assert list(meta_solvers.SOLVERS) == ["HIGHS", "CLARABEL"]


@settings(deadline=None, max_examples=40, derandomize=True)
@given(matrix=matrices())
def test_many_games_are_solved_as_one_is(matrix: np.ndarray) -> None:
    games = [matrix, -matrix, 2 * matrix]
    for game, found in zip(games, solve_many(games), strict=True):
        assert nash_conv(game, found.x, found.y) <= tolerance(game)
        assert abs(found.value - solve_zero_sum(game).value) <= tolerance(game)


@pytest.mark.parametrize("limit", [0, None])
def test_a_game_that_the_short_way_fails_on_takes_the_long_one(
    limit: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if limit is not None:  # HiGHS stops before its first step
        monkeypatch.setattr(
            linear_program,
            "SOLVERS",
            {"HIGHS": {"simplex_iteration_limit": limit}},
        )
    (found,) = solve_many([BIASED])
    np.testing.assert_allclose(found.x, BIASED_ANSWER, atol=1e-7)
    assert found.gap < meta_solvers.GAP_TOLERANCE


def test_highs_greets_nobody() -> None:
    # Its banner comes from C++, once per process: only a fresh one can show it.
    code = (
        "from psro_comm.metagame.solvers import *; print(nash([[1, -1], [-1, 1]])[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[0.5 0.5]"
    assert not done.stderr


def test_a_ten_by_ten_game_takes_milliseconds() -> None:
    matrix = np.random.default_rng(0).standard_normal((10, 10))
    solve_zero_sum(matrix)
    times = []
    for _ in range(15):
        start = time.perf_counter()
        solve_zero_sum(matrix)
        times.append(time.perf_counter() - start)
    # 3.5 ms measured; the best of 15, because a loaded machine slows the others.
    assert min(times) < 0.015


class DoubleOracle(psro_v2.PSROSolver):
    """PSRO on a hidden matrix, in which a policy is the number of a row or column."""

    def __init__(self, hidden: np.ndarray, method: Any) -> None:
        self.hidden = hidden
        names = [[str(i) for i in range(size)] for size in hidden.shape]
        super().__init__(
            as_matrix_game(hidden, *names),
            self.respond,
            sims_per_entry=1,
            initial_policies=[0, 0],
            training_strategy_selector="probabilistic",
            meta_strategy_method=method,
            sample_from_marginals=True,
        )

    def sample_episodes(self, policies: Any, num_episodes: int) -> np.ndarray:
        payoff = self.hidden[policies[0], policies[1]]
        return np.array([payoff, -payoff])

    def respond(self, game: Any, parameters: Any, **unused: Any) -> list[list[int]]:
        ours = parameters[0][0]
        (rows, columns), (x, y) = (
            ours["total_policies"],
            ours["probabilities_of_playing_policies"],
        )
        against_y, against_x = self.hidden[:, columns] @ y, x @ self.hidden[rows]
        return [[int(against_y.argmax())], [int(against_x.argmin())]]


def test_openspiels_psro_reaches_the_value_of_a_hidden_game() -> None:
    hidden = np.random.default_rng(3).standard_normal((6, 7))
    solver = DoubleOracle(hidden, meta_solvers.as_openspiel(meta_solvers.nash))
    for _ in range(8):
        solver.iteration()
    x, y = solver.get_meta_strategies()
    found = value(solver.get_meta_game()[0], x, y)
    assert found == pytest.approx(solve_zero_sum(hidden).value, abs=1e-9)
    # A support of one pure pair would not show that mixing works.
    assert min((x > 1e-6).sum(), (y > 1e-6).sum()) > 1


def test_adapter_returns_marginals_and_their_outer_product_in_openspiels_shapes() -> (
    None
):
    class Solver:
        def get_meta_game(self) -> list[np.ndarray]:
            return [BIASED[:, :2], -BIASED[:, :2]]

    call = meta_solvers.as_openspiel(meta_solvers.nash)
    x, y = meta_solvers.nash(BIASED[:, :2])
    marginals, joint = call(solver=Solver(), return_joint=True)
    assert isinstance(marginals, list)
    for got, want in itertools.chain(
        zip(marginals, (x, y), strict=True),
        zip(call(solver=Solver(), return_joint=False), (x, y), strict=True),
        zip(call(solver=Solver()), (x, y), strict=True),
    ):
        np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(joint, x[:, None] * y[None, :])
