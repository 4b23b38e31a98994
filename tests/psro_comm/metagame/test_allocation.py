"""Where new episodes go, and how many it takes."""

import numpy as np
import pytest

from psro_comm.metagame.allocation import (
    BATCH,
    allocate,
    even_episodes,
    half_width,
    known,
    next_round,
    wanted,
)
from psro_comm.metagame.meta_game import MetaGame
from psro_comm.metagame.payoffs import PayoffTable


def test_episodes_go_where_they_narrow_the_interval_most() -> None:
    sensitivity = np.array([[0.6, 0.3], [0.1, 0.0]])
    deviation = np.array([[1.0, 2.0], [1.0, 9.0]])
    episodes = np.full((2, 2), 32)
    given = allocate(sensitivity, deviation, episodes, 60)
    assert given.sum() == 60
    assert given[1, 1] == 0  # noisy, but the value does not depend on it
    total = episodes + BATCH * given
    # Neyman: n ~ w s; cells of equal products get equal numbers.
    assert abs(int(given[0, 0]) - int(given[0, 1])) <= 1
    assert total[0, 0] / total[1, 0] == pytest.approx(6, rel=0.25)
    reached = half_width(sensitivity, deviation, total)
    assert reached < half_width(sensitivity, deviation, episodes)
    assert even_episodes(sensitivity, deviation, reached) > total.sum()


def test_half_width_is_that_of_one_mean_for_a_game_of_one_cell() -> None:
    one = np.ones((1, 1))
    assert half_width(one, 2 * one, 16 * one) == pytest.approx(1.96 / 2, rel=1e-4)
    assert even_episodes(one, 2 * one, 0.98) == 16


def test_what_a_refinement_will_cost_is_foreseen() -> None:
    # One cell of unit variance: 1.984^2 / w^2 episodes in all, less what is there; its
    # interval is Student's t of 100 worlds, whose resamples are noisy.
    returns = np.tile([-1.0, 1.0], 50)[None, None]
    returns = returns * np.sqrt(99 / 100)
    table = PayoffTable(("a",), ("x",), returns, returns, returns)
    rng = np.random.default_rng(0)
    now = known(MetaGame.of(table), rng)
    assert now.half_width == pytest.approx(0.1984, rel=0.15)
    whole = (now.half_width / 0.1) ** 2 * 100
    assert wanted(now, 0.1).sum() == pytest.approx(whole - 100, abs=2)
    assert wanted(now, 0.3).sum() == 0  # reached as it is
    assert 0 < next_round(now, 0.1).sum() < wanted(now, 0.1).sum()
    close = now.half_width / 1.05
    assert (next_round(now, close) >= wanted(now, close)).all()
    assert not next_round(now, 0.3).any()
    # A second defender that is never played, however noisy, costs nothing.
    both = np.concatenate([returns, 1.5 * returns - 99.0])
    table = PayoffTable(("a", "b"), ("x",), both, both, both)
    assert wanted(known(MetaGame.of(table), rng), 0.1)[1, 0] == 0


def test_without_episodes_nothing_can_be_foreseen() -> None:
    game = MetaGame(("a",), ("x",), [[1.0]], [[0.1]])
    with pytest.raises(ValueError, match="standard errors and episodes of every cell"):
        known(game, np.random.default_rng(0))
