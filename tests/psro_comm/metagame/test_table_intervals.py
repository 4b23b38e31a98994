"""The intervals of a table's numbers, by hand and by how often they cover."""

import math

import numpy as np
import pytest

from psro_comm.metagame.meta_game import MetaGame
from psro_comm.metagame.solvers import solve_zero_sum
from psro_comm.metagame.table_intervals import (
    guaranteed_value,
    largest_errors,
    noise_of,
    regret_intervals,
    sampled_value,
    single_interval,
    value_interval,
)


def game_of(mean: np.ndarray, error: float | np.ndarray) -> MetaGame:
    m, n = mean.shape
    names = tuple(f"d{i}" for i in range(m)), tuple(f"a{j}" for j in range(n))
    return MetaGame(*names, mean, np.broadcast_to(error, mean.shape))


def test_the_value_of_one_cell_has_the_interval_of_its_mean() -> None:
    rng = np.random.default_rng(0)
    game = game_of(np.array([[2.0]]), 0.5)
    noise = noise_of(game, rng, 4000)
    one = np.ones(1)
    found = value_interval(game.mean, noise, one, one)
    assert found.estimate == 2.0
    assert found.low == pytest.approx(2 - 1.96 * 0.5, abs=0.08)
    assert found.high == pytest.approx(2 + 1.96 * 0.5, abs=0.08)
    worlds = rng.standard_normal(9)
    found = sampled_value(worlds[None, None], rng, 4000)
    half = 2.306 * worlds.std(ddof=1) / 3  # Student's t of 8
    assert found.estimate == pytest.approx(worlds.mean())
    assert found.high - found.estimate == pytest.approx(half, rel=0.12)
    few = sampled_value(np.array([[[3.0]]]), rng)
    assert few.estimate == 3.0
    assert math.isnan(few.low)


def test_the_estimate_is_inside_and_edges_run() -> None:
    rng = np.random.default_rng(0)
    for shape in ((1, 1), (1, 6), (6, 1), (2, 10), (4, 4)):
        mean = rng.standard_normal(shape)
        mixed = np.where(rng.random(shape) < 0.5, 0.0, 1.0)
        for error in (0.0, 1e-9, mixed):
            game = game_of(mean, error)
            solved = solve_zero_sum(mean)
            noise = noise_of(game, rng, 40)
            for found in (
                value_interval(mean, noise, solved.x, solved.y),
                guaranteed_value(mean, noise, solved.value),
                single_interval(mean, noise)[1],
                *regret_intervals(mean, noise, solved.y),
            ):
                assert found.low <= found.estimate <= found.high
                assert np.max(error) > 1e-8 or found.high - found.low < 1e-7


def test_the_largest_of_many_errors_has_its_quantile() -> None:
    noise = noise_of(game_of(np.zeros((10, 2)), 3.0), np.random.default_rng(0), 9)
    rows, columns = largest_errors(noise)
    # Phi(c)^10 = .975 and Phi(c)^2 = .975.
    assert rows == pytest.approx(2.803, abs=1e-3)
    assert columns == pytest.approx(2.239, abs=1e-3)
    best, found = single_interval(np.zeros((10, 2)), noise)
    assert (best, found.low) == (0, pytest.approx(-3 * rows))


def test_noise_is_by_world_where_worlds_are_known() -> None:
    rng = np.random.default_rng(0)
    returns = rng.standard_normal((2, 2, 50)) + rng.standard_normal(50)
    names = ("a", "b"), ("x", "y")
    game = MetaGame(*names, returns.mean(-1), returns=returns)
    noise = noise_of(game, rng, 3000)
    assert noise.worlds == 50
    assert np.corrcoef(noise.errors.reshape(-1, 4).T)[0, 1] > 0.3
    spread = returns.std(axis=-1, ddof=1) / np.sqrt(50)
    np.testing.assert_allclose(noise.std_error, spread)
    np.testing.assert_allclose(noise.errors.std(axis=0), spread, rtol=0.06)
    assert noise_of(MetaGame(*names, returns.mean(-1)), rng, 9) is None
