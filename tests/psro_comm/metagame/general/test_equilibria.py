"""Equilibria of two-player games: all of them, Lemke and Howson's, dominance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from psro_comm.metagame.general.dominance import strike_out
from psro_comm.metagame.general.extreme import bases, extreme_equilibria
from psro_comm.metagame.general.lemke_howson import all_paths, lemke_howson
from psro_comm.metagame.general.normal_form import regrets
from tests.psro_comm.metagame.general.games import (
    CHICKEN,
    DEGENERATE,
    PRISONERS,
    SEXES,
    bimatrix,
    drawn,
)


def found_in(game):
    whole = extreme_equilibria(*game.payoffs)
    return whole, sorted(tuple(np.round(np.concatenate(p), 6)) for p in whole.pairs)


def test_all_equilibria_of_textbook_games():
    assert found_in(PRISONERS)[1] == [(0, 1, 0, 1)]
    assert found_in(SEXES)[1] == [
        (0, 1, 0, 1),
        (0.6, 0.4, 0.4, 0.6),
        (1, 0, 1, 0),
    ]
    assert found_in(CHICKEN)[1] == [
        (0, 1, 1, 0),
        pytest.approx((1 / 3, 2 / 3, 1 / 3, 2 / 3), abs=1e-6),
        (1, 0, 0, 1),
    ]


def test_degenerate_equilibria_form_components():
    whole, pairs = found_in(DEGENERATE)
    # The first row is a best reply to any y with y_1 >= 2/3, and all columns tie at it.
    third = pytest.approx((1, 0, 0, 2 / 3, 1 / 3), abs=1e-6)
    assert pairs == [
        pytest.approx((0, 1 / 3, 2 / 3, 1 / 3, 2 / 3), abs=1e-6),
        third,
        (1, 0, 0, 1, 0),
    ]
    assert [len(each.extreme) for each in whole.components] == [2, 1]
    ((xs, ys),) = whole.components[0].hulls
    assert (len(xs), len(ys)) == (1, 2)


# von Stengel 1999, Discrete and Computational Geometry 22: of the 6 by 6 games known,
# the one with the most equilibria, 75, as Gambit's catalogue holds it.
MANY = (
    [
        [9504, -660, 19976, -20526, 1776, -8976],
        [-111771, 31680, -130944, 168124, -8514, 52764],
        [397584, -113850, 451176, -586476, 29216, -178761],
        [171204, -45936, 208626, -263076, 14124, -84436],
        [1303104, -453420, 1227336, -1718376, 72336, -461736],
        [737154, -227040, 774576, -1039236, 48081, -300036],
    ],
    [
        [72336, 48081, 29216, 14124, 1776, -8514],
        [-461736, -300036, -178761, -84436, -8976, 52764],
        [1227336, 774576, 451176, 208626, 19976, -130944],
        [-1718376, -1039236, -586476, -263076, -20526, 168124],
        [1303104, 737154, 397584, 171204, 9504, -111771],
        [-453420, -227040, -113850, -45936, -660, 31680],
    ],
)


def test_no_equilibrium_of_a_hard_game_is_lost_to_rounding():
    game = bimatrix(*MANY)
    whole, _ = found_in(game)
    assert len(whole.pairs) == len(whole.components) == 75
    assert all(max(regrets(game, pair)) < 1e-9 * game.spread for pair in whole.pairs)


def test_a_game_that_is_too_large_is_refused():
    assert bases(10, 10) == 184_755
    with pytest.raises(ValueError, match="of a 11 by 11 game take 705,431 linear"):
        extreme_equilibria(*np.zeros((2, 11, 11)))


SMALL = arrays(float, (2, 3, 4), elements=st.integers(0, 3).map(float))


@settings(max_examples=60, deadline=None)
@given(SMALL)
def test_every_result_is_an_equilibrium_degenerate_or_not(payoffs):
    game = bimatrix(*payoffs)
    whole, pairs = found_in(game)
    assert pairs
    assert len(set(pairs)) == len(pairs)
    for pair in [*whole.pairs, *(lemke_howson(*payoffs, k) for k in range(7))]:
        assert max(regrets(game, pair)) < 1e-9
    # All of a maximal subset, not only its corners.
    for component in whole.components:
        for xs, ys in component.hulls:
            assert len(xs) * len(ys) <= len(component.extreme)


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (30, 30)])
def test_lemke_howson_from_every_label(shape):
    game = drawn(3, *shape)
    ends = list(all_paths(*game.payoffs, 5))
    assert len(ends) == min(5, sum(shape))
    assert all(max(regrets(game, pair)) < 1e-9 for pair in ends)


@pytest.mark.parametrize("kind", ["ties", "twins", "zero-sum", "coordination"])
def test_lemke_howson_in_degenerate_games(kind):
    rng = np.random.default_rng(4)
    if kind == "ties":
        tables = rng.integers(0, 2, (2, 30, 30)).astype(float)
    elif kind == "coordination":
        tables = np.array([np.eye(12)] * 2)
    else:
        small, twice = rng.normal(size=(2, 8, 8)), rng.integers(0, 8, 20)
        tables = small[:, twice][:, :, twice]
        tables = np.array([tables[0], -tables[0]]) if kind == "zero-sum" else tables
    game = bimatrix(*tables)
    ends = list(all_paths(*tables, 12))
    assert len(ends) == 12  # no path fails
    assert all(max(regrets(game, pair)) < 1e-12 for pair in ends)


def test_dominance_strikes_out_round_by_round():
    # b is beaten by the mean of a and c; then y by x; then c by a.
    game = bimatrix(
        [[4, 0], [1.5, 1.5], [0, 4]],
        [[2, 1], [9, 0], [2, 1]],
    )
    struck, kept = strike_out(game)
    assert [(each.player, each.strategy, each.round) for each in struck] == [
        *[(0, 1, 1), (1, 1, 1)],
        (0, 2, 2),
    ]
    assert [each.margin for each in struck] == pytest.approx([0.5, 1, 4])
    assert kept == [[0], [0]]


def test_weak_dominance_strikes_nothing_out():
    assert strike_out(bimatrix([[1, 1], [1, 0]], [[0, 0], [0, 0]]))[0] == []


def test_a_sentinel_is_struck_out_and_hides_nothing():
    payoffs = np.zeros((4, 3))
    payoffs[:3] = [[0, -1, 1], [1, 0, -1], [-1, 1, 0]]
    payoffs[3] = -1e10
    struck, kept = strike_out(bimatrix(payoffs, -payoffs))
    assert [(each.player, each.strategy) for each in struck] == [(0, 3)]
    assert kept == [[0, 1, 2], [0, 1, 2]]
