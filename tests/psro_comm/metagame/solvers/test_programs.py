"""Max-entropy, quantal, robust and alpha-rank: what defines each of them."""

import io
from typing import Any

import numpy as np
import pyspiel
import pytest

from games.openspiel.adversarial_comm import as_matrix_game
from psro_comm.metagame.solvers import META_SOLVERS, guarantee, response_graph, solve
from psro_comm.metagame.solvers.cone_program import radius
from psro_comm.metagame.solvers.quantal import RATIONALITY, quantal_response

BIASED = np.array([[0.0, -0.25, 0.5], [0.25, 0.0, -0.05], [-0.5, 0.05, 0.0]])
BIASED_ANSWER = np.array([1, 10, 5]) / 16


def test_max_entropy_shares_the_weight_of_twins_where_a_vertex_does_not() -> None:
    twins = np.array([[1.0, -1.0], [-1.0, 1.0], [-1.0, 1.0]])
    x, _ = META_SOLVERS["max_entropy"](twins)
    np.testing.assert_allclose(x, [0.5, 0.25, 0.25], atol=1e-4)
    assert META_SOLVERS["nash"](twins)[0].min() == 0.0


def test_quantal_response_is_its_own_fixed_point() -> None:
    rng = np.random.default_rng(1)
    for rationality in (0.0, 0.5, 20.0, 1000.0):
        matrix = rng.standard_normal((4, 6))
        x, y = quantal_response(matrix, rationality=rationality)
        strength = rationality / np.ptp(matrix)
        for mixture, earns in ((x, matrix @ y), (y, -(x @ matrix))):
            due = np.exp(strength * (earns - earns.max()))
            np.testing.assert_allclose(mixture, due / due.sum(), atol=1e-7)


def test_quantal_response_is_uniform_at_zero_and_max_entropy_nash_in_the_limit() -> (
    None
):
    twins = np.repeat(BIASED, [1, 1, 2], axis=0)
    x, _ = quantal_response(twins, rationality=0.0)
    np.testing.assert_allclose(x, 0.25)
    x, _ = quantal_response(twins, rationality=1e5)
    np.testing.assert_allclose(x, META_SOLVERS["max_entropy"](twins)[0], atol=1e-3)


def test_alpha_rank_sees_signs_only() -> None:
    # Its known failure: the biased game's cycle looks like the plain one's.
    x, _ = META_SOLVERS["alpha_rank"](BIASED)
    np.testing.assert_allclose(x, 1 / 3, atol=1e-6)


def test_alpha_rank_finds_a_dominant_pair() -> None:
    x, y = META_SOLVERS["alpha_rank"](np.array([[3.0, 2.0], [1.0, 0.0]]))
    assert x[0] == y[1] == 1.0


def test_alpha_rank_refuses_tables_that_would_take_minutes(
    caplog: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(response_graph, "MAX_PROFILES", 400)
    side = int(response_graph.MAX_PROFILES**0.5) + 1
    matrix = np.random.default_rng(0).standard_normal((side, side))
    found = solve("alpha_rank", matrix)
    assert found.solver == "nash"
    assert found.gap < 1e-9
    assert "allowed 400" in found.failures[0]
    assert "alpha_rank" in caplog.text


def test_robust_is_nash_without_noise_and_hedges_with_it() -> None:
    x, y = META_SOLVERS["robust"](BIASED)
    np.testing.assert_allclose([x, y], [BIASED_ANSWER, BIASED_ANSWER], atol=1e-9)
    # Two rows of equal mean: the guarantee of half each is higher, 1 / sqrt(2) noise.
    x, _ = META_SOLVERS["robust"](np.zeros((2, 1)), np.ones((2, 1)))
    np.testing.assert_allclose(x, 0.5, atol=1e-6)


def test_robust_guarantees_more_than_any_other_mixture() -> None:
    rng = np.random.default_rng(2)
    for _ in range(5):
        matrix, noise = rng.standard_normal((4, 5)), 0.5 * rng.random((4, 5))
        x, y = META_SOLVERS["robust"](matrix, noise)
        best = guarantee(matrix, noise, x)
        conceded = guarantee(-matrix.T, noise.T, y)
        for _ in range(50):
            other = rng.dirichlet(np.ones(4))
            assert guarantee(matrix, noise, other) <= best + 1e-8
        nash_x, nash_y = META_SOLVERS["nash"](matrix)
        assert guarantee(matrix, noise, nash_x) <= best + 1e-8
        assert guarantee(-matrix.T, noise.T, nash_y) <= conceded + 1e-8


def test_robust_guarantee_holds_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    truth, noise = rng.standard_normal((3, 4)), np.full((3, 4), 0.3)
    broken = 0
    for _ in range(60):
        seen = truth + noise * rng.standard_normal(truth.shape)
        x, _ = META_SOLVERS["robust"](seen, noise)
        broken += guarantee(seen, noise, x) > (x @ truth).min()
    assert broken <= 3  # at most 5 %; the region is wider than this needs
    assert radius((1, 1), 0.95) == pytest.approx(1.959964)


@pytest.mark.parametrize(
    ("errors", "words"),
    [
        (np.full((2, 2), np.nan), r"\[0, 0\] is nan"),
        (np.array([[0.0, -1.0], [0.0, 0.0]]), r"\[0, 1\] is -1"),
        (np.zeros((2, 3)), r"\(2, 3\)"),
    ],
)
def test_bad_standard_errors_raise_where_they_are_used(
    errors: np.ndarray, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        META_SOLVERS["robust"](np.eye(2), errors)


GAMES = [BIASED, np.random.default_rng(8).standard_normal((3, 4))]


@pytest.mark.parametrize("matrix", GAMES, ids=["biased", "random"])
def test_pygambit_agrees(matrix: np.ndarray) -> None:
    gambit = pytest.importorskip("pygambit")  # 17.0.0b2
    names = [[str(i) for i in range(size)] for size in matrix.shape]
    text = pyspiel.game_to_nfg_string(as_matrix_game(matrix, *names))
    game = gambit.read_nfg(io.BytesIO(text.encode()))
    equilibrium = gambit.nash.lp_solve(game, rational=False).equilibrium
    strength = RATIONALITY / np.ptp(matrix)
    (point,) = gambit.qre.logit_solve_lambda(game, strength)
    for theirs, ours in (
        (equilibrium, META_SOLVERS["nash"](matrix)),
        (point.profile, META_SOLVERS["quantal"](matrix)),
    ):
        for player, mixture in zip(game.players, ours, strict=True):
            found = [float(weight) for _, weight in theirs[player]]
            np.testing.assert_allclose(found, mixture, atol=1e-5)
