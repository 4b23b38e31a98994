"""Value, gains and NashConv by hand; when a run has converged."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from open_spiel.python import policy as openspiel_policy
from open_spiel.python.algorithms import exploitability

from games.openspiel.adversarial_comm import as_matrix_game
from psro_comm.metagame import regret
from psro_comm.metagame.payoffs import PayoffTable

#                   y:  1/2  1/2
MATRIX = np.array([[4.0, 0.0], [1.0, 2.0]])  # x: 1/4, 3/4
X, Y = np.array([0.25, 0.75]), np.array([0.5, 0.5])


def make_table(returns: np.ndarray) -> PayoffTable:
    """A fully played table of `[m, n, W]` returns."""
    defenders = tuple(f"d{i}" for i in range(returns.shape[0]))
    attackers = tuple(f"a{j}" for j in range(returns.shape[1]))
    return PayoffTable(defenders, attackers, returns, returns, returns)


def test_value_and_gains_by_hand() -> None:
    # U y = (2, 1.5), so u = .5 + 1.125 = 1.625; x' U = (1.75, 1.5)
    assert regret.value(MATRIX, X, Y) == 1.625
    assert regret.gains(MATRIX, X, Y) == (0.375, 0.125)
    assert regret.nash_conv(MATRIX, X, Y) == 0.5


def test_roles_swap_with_the_negative_transpose() -> None:
    defender, attacker = regret.gains(MATRIX, X, Y)
    assert regret.gains(-MATRIX.T, Y, X) == (attacker, defender)


def test_unknown_payoff_stays_unknown() -> None:
    matrix = np.array([[4.0, np.nan], [1.0, 2.0]])
    assert math.isnan(regret.value(matrix, X, Y))
    assert math.isnan(regret.nash_conv(matrix, X, Y))


@settings(deadline=None, max_examples=60, derandomize=True)
@given(
    matrix=hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=5),
        elements=st.floats(-100, 100),
    ),
    seed=st.integers(0, 2**32 - 1),
)
def test_nash_conv_agrees_with_openspiel(matrix: np.ndarray, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = (rng.dirichlet(np.ones(size)) for size in matrix.shape)
    game = as_matrix_game(matrix, *([str(i) for i in range(k)] for k in matrix.shape))
    joint = openspiel_policy.TabularPolicy(game)
    joint.action_probability_array[:] = 0
    joint.action_probability_array[0, : x.size] = x
    joint.action_probability_array[1, : y.size] = y
    theirs = exploitability.nash_conv(game, joint)
    ours = regret.nash_conv(matrix, x, y)
    assert ours >= 0
    assert ours == pytest.approx(theirs, abs=1e-9)


def test_converged_means_no_gain_stands_out_of_noise() -> None:
    assert regret.is_converged([0.05, 0.09], [0.0, 0.0], tolerance=0.1)
    assert not regret.is_converged([0.05, 0.11], [0.0, 0.0], tolerance=0.1)
    assert not regret.is_converged([0.11, 0.05], [0.0, 0.0], tolerance=0.1)
    assert regret.is_converged([0.5, 0.5], [0.3, 0.26], tolerance=0.1)
    assert not regret.is_converged([0.5, 0.5], [0.3, 0.24], tolerance=0.1)
    assert regret.is_converged([-3.0, -1.0], [0.1, 0.1], tolerance=0.1)


@pytest.mark.parametrize(
    ("gains", "std_errors"),
    [([np.nan, 0.0], [0.1, 0.1]), ([0.0, 0.0], [np.nan, 0.1])],
)
def test_unknown_gain_or_error_is_not_convergence(
    gains: list[float], std_errors: list[float]
) -> None:
    assert not regret.is_converged(gains, std_errors, tolerance=10.0)


def test_mixture_returns_weigh_each_cell_in_each_world() -> None:
    returns = np.stack([MATRIX, 2 * MATRIX, MATRIX + 1], axis=-1)
    by_world = regret.mixture_returns(make_table(returns), X, Y)
    np.testing.assert_allclose(by_world, [1.625, 3.25, 2.625])
    assert by_world.mean() == pytest.approx(
        regret.value(make_table(returns).mean(), X, Y)
    )


def test_pure_mixtures_return_their_cell() -> None:
    returns = np.random.default_rng(0).normal(size=(2, 3, 5))
    by_world = regret.mixture_returns(
        make_table(returns), np.array([0.0, 1.0]), np.array([0.0, 0.0, 1.0])
    )
    np.testing.assert_array_equal(by_world, returns[1, 2])


def test_missing_cell_matters_only_where_it_has_weight() -> None:
    returns = np.ones((2, 2, 3))
    returns[1, 1] = np.nan
    returns[0, 0, 2] = np.nan
    table = make_table(returns)
    pure = regret.mixture_returns(table, np.array([1.0, 0.0]), Y)
    np.testing.assert_array_equal(pure, [1.0, 1.0, np.nan])
    assert np.isnan(regret.mixture_returns(table, X, Y)).all()
