"""Games of n players and of roles: expected payoffs, slopes, regret, restrictions."""

import numpy as np
import pytest

from psro_comm.metagame.general.normal_form import NormalFormGame, expected, regrets
from psro_comm.metagame.general.reduction import (
    as_normal_form,
    complete_restrictions,
    deviation_preserving,
)
from psro_comm.metagame.general.role_symmetric import RoleSymmetricGame
from tests.psro_comm.metagame.general.games import (
    CUBE,
    PRISONERS,
    congestion,
    drawn,
    drawn_roles,
)


def mixtures(seed, sizes):
    rng = np.random.default_rng(seed)
    return [rng.dirichlet(np.ones(n)) for n in sizes]


def test_deviations_are_averages_over_all_profiles_of_the_others():
    game = drawn(0, 2, 3, 4)
    x, y, z = mixtures(1, (2, 3, 4))
    found = game.deviations([x, y, z])
    for got, words in zip(
        found, ("ijk,j,k->i", "ijk,i,k->j", "ijk,i,j->k"), strict=True
    ):
        others = [m for m in (x, y, z) if len(m) != len(got)]
        p = [2, 3, 4].index(len(got))
        assert got == pytest.approx(np.einsum(words, game.payoffs[p], *others))
    assert expected(game, [x, y, z])[2] == pytest.approx(
        np.einsum("ijk,i,j,k", game.payoffs[2], x, y, z)
    )


@pytest.mark.parametrize(
    ("game", "sizes"),
    [(drawn(0, 2, 3, 4), (2, 3, 4)), (drawn_roles(0, (3, 2), (2, 3)), (2, 3))],
    ids=["players", "roles"],
)
def test_the_jacobian_is_the_slope_of_the_deviations(game, sizes):
    at = mixtures(2, sizes)
    ends = np.cumsum(sizes)[:-1]
    step = 1e-6
    # Along the simplex: off it, chances do not sum to 1, which is "not known".
    move = np.concatenate(
        [m - 1 / n for m, n in zip(mixtures(3, sizes), sizes, strict=True)]
    )
    up, down = (
        np.concatenate(
            game.deviations(np.split(np.concatenate(at) + sign * step * move, ends))
        )
        for sign in (1, -1)
    )
    slope = game.jacobian(at) @ move
    assert slope == pytest.approx((up - down) / (2 * step), abs=1e-6)


def test_regret_is_the_best_deviation():
    cooperate = [np.array([1.0, 0.0])] * 2
    assert regrets(PRISONERS, cooperate) == pytest.approx([2, 2])
    assert regrets(PRISONERS, [np.array([0.0, 1.0])] * 2) == pytest.approx([0, 0])


def test_players_of_a_role_earn_what_they_earn_each_apart():
    game = drawn_roles(4, (3, 2), (2, 3))
    apart = as_normal_form(game)
    assert apart.groups == ("role0 1", "role0 2", "role0 3", "role1 1", "role1 2")
    x, y = mixtures(5, (2, 3))
    one_by_one = apart.deviations([x, x, x, y, y])
    first, second = game.deviations([x, y])
    assert first == pytest.approx(one_by_one[0])
    assert first == pytest.approx(one_by_one[2])
    assert second == pytest.approx(one_by_one[4])


def test_a_mixture_without_a_strategy_needs_no_profile_of_it():
    game = drawn_roles(4, (3,), (3,))
    pure = [np.array([1.0, 0.0, 0.0])]
    whole = game.deviations(pure)[0]
    needed = {(3, 0, 0), (2, 1, 0), (2, 0, 1)}
    few = [k for k, p in enumerate(game.profiles) if tuple(p) in needed]
    small = RoleSymmetricGame(
        game.groups, game.counts, game.strategies, game.profiles[few], game.payoffs[few]
    )
    assert small.deviations(pure)[0] == pytest.approx(whole)
    lacks = RoleSymmetricGame(
        game.groups,
        game.counts,
        game.strategies,
        game.profiles[few[:-1]],
        game.payoffs[few[:-1]],
    )
    found = lacks.deviations(pure)[0]
    assert np.isnan(found).sum() == 1
    assert np.isnan(regrets(lacks, pure)).all()


def test_a_payoff_that_is_not_known_makes_what_needs_it_unknown():
    game = congestion()
    payoffs = game.payoffs.copy()
    payoffs[2, 0] = np.nan  # of a player on road a, where two are
    found = game.with_payoffs(payoffs).deviations([np.array([0.5, 0.5])])[0]
    assert np.isnan(found[0])
    assert found[1] == pytest.approx(game.deviations([np.array([0.5, 0.5])])[0][1])


def test_the_largest_complete_parts_of_an_incomplete_game():
    game = drawn_roles(0, (2,), (3,))
    # Without the profile of strategies 0 and 2, {0, 1} and {1, 2} are whole.
    kept = [k for k, p in enumerate(game.profiles) if tuple(p) != (1, 0, 1)]
    part = RoleSymmetricGame(
        game.groups,
        game.counts,
        game.strategies,
        game.profiles[kept],
        game.payoffs[kept],
    )
    assert not part.is_complete
    assert complete_restrictions(part) == ([[[0, 1]], [[1, 2]]], True)
    assert part.restricted([[1, 2]]).is_complete
    with pytest.raises(ValueError, match="1 of its 6 profiles are missing"):
        as_normal_form(part)


def test_a_reduction_keeps_the_gains_of_single_deviations():
    game = congestion(7)
    small = deviation_preserving(game, {"driver": 3})
    assert small.counts == (3,)
    # Each of the others stands for 3: one on a, of 2 and 1, meets 3 on a and 3 on b.
    at = small.row(np.array([2, 1]))
    assert small.payoffs[at, 0] == game.payoffs[game.row(np.array([4, 3])), 0]
    # One on b meets 6 on a.
    assert small.payoffs[at, 1] == game.payoffs[game.row(np.array([6, 1])), 1]


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"driver": 5}, r"7 players, which reduce to \[2, 3, 4, 7\], not to 5"),
        ({"driver": 1}, "not to 1"),
        ({"walker": 2}, r"names \['walker'\], must name \['driver'\]"),
    ],
)
def test_a_reduction_that_does_not_divide_is_refused(counts, words):
    with pytest.raises(ValueError, match=words):
        deviation_preserving(congestion(7), counts)


BAD_NORMAL = [
    ({"groups": ("a", "a", "c")}, "players must be distinct names"),
    ({"strategies": [("1", "2")] * 2}, "3 players need as many lists"),
    ({"strategies": [("1", "1")] * 3}, "strategies of 'a' must be distinct"),
    ({"payoffs": np.zeros((3, 2, 2))}, r"payoffs must be \(3, 2, 2, 2\)"),
    (
        {"payoffs": np.full((3, 2, 2, 2), np.nan)},
        r"payoffs of 'a' in \(1, 1, 1\) is nan",
    ),
    (
        {"std_error": np.full((3, 2, 2, 2), -1.0)},
        r"std_error of 'a' in \(1, 1, 1\) is -1",
    ),
    ({"std_error": np.full((3, 2, 2, 2), np.nan)}, "is nan"),
]


@pytest.mark.parametrize(("change", "words"), BAD_NORMAL)
def test_a_bad_normal_form_is_refused(change, words):
    given = {"groups": "abc", "strategies": CUBE.strategies, "payoffs": CUBE.payoffs}
    with pytest.raises(ValueError, match=words):
        NormalFormGame(**{**given, **change})


@pytest.mark.parametrize(
    ("scale", "words"),
    [(1e200, "at most 1e\\+150 is read"), (1e-200, "at least 1e-150 is read")],
)
def test_payoffs_beyond_products_are_refused(scale, words):
    with pytest.raises(ValueError, match=words):
        NormalFormGame("abc", CUBE.strategies, CUBE.payoffs * scale)


def test_a_forbidden_payoff_is_not_the_spread():
    payoffs = drawn(0, 4, 4, 2).payoffs.copy()
    usual = np.ptp(payoffs)
    payoffs[0, 0, 0, 0] = -1e10
    game = NormalFormGame("abc", drawn(0, 4, 4, 2).strategies, payoffs)
    assert 0 < game.spread < usual
    assert CUBE.spread == 12
    assert NormalFormGame("abc", CUBE.strategies, 0 * CUBE.payoffs).spread == 1


BAD_ROLES = [
    ({"counts": (0,)}, "'driver' has 0 players"),
    (
        {"profiles": [[4, 1]], "payoffs": [[0, 0]]},
        r"driver: 4 a, 1 b has \(5,\) players",
    ),
    ({"profiles": [[5, -1]], "payoffs": [[0, 0]]}, "players, not"),
    ({"profiles": [[4, 0]] * 2, "payoffs": [[0, 0]] * 2}, "a profile is there twice"),
    ({"profiles": [[4, 0]], "payoffs": [[np.inf, 0]]}, "not infinite"),
    ({"profiles": [[2, 2]], "payoffs": [[np.nan, np.nan]]}, "no payoff is known"),
    ({"profiles": np.zeros((0, 2)), "payoffs": []}, "profiles must be"),
]


@pytest.mark.parametrize(("change", "words"), BAD_ROLES)
def test_a_bad_role_symmetric_game_is_refused(change, words):
    game = congestion()
    given = {name: getattr(game, name) for name in ("groups", "counts", "strategies")}
    given |= {"profiles": game.profiles, "payoffs": game.payoffs}
    with pytest.raises(ValueError, match=words):
        RoleSymmetricGame(**{**given, **change})
