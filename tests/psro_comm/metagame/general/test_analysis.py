"""The analysis of a general-sum game: what it finds, how sure it is, what it leaves."""

import numpy as np
import pytest

from psro_comm.disk.files import encode_json
from psro_comm.metagame.general.analysis import analyse_game
from psro_comm.metagame.general.correlated import best_for
from psro_comm.metagame.general.equilibria import all_or_some, pure_equilibria
from psro_comm.metagame.general.noise import covariance, judged, judged_joint
from psro_comm.metagame.general.normal_form import NormalFormGame, expected, regrets
from psro_comm.metagame.general.reduction import as_normal_form
from psro_comm.metagame.general.role_symmetric import RoleSymmetricGame
from psro_comm.reports.tables.general import general_sections
from tests.psro_comm.metagame.general.games import (
    CHICKEN,
    CUBE,
    DEGENERATE,
    PRISONERS,
    bimatrix,
    congestion,
    drawn,
    drawn_roles,
)


def render_general(report):
    return "\n\n".join(each.as_text() for each in general_sections(report))


def rng(seed=0):
    return np.random.default_rng(seed)


def noisy(game, error):
    errors = np.full(game.payoffs.shape, error)
    return NormalFormGame(game.groups, game.strategies, game.payoffs, errors)


def test_a_game_of_two_is_solved_whole():
    report = analyse_game(CHICKEN, rng())
    found = report["equilibria"]
    assert (found["whole"], found["count"], found["unique"]) == (True, 3, False)
    assert found["weight_ranges"]["row"] == {"r0": [0, 1], "r1": [0, 1]}
    assert report["pure_equilibria"]["count"] == 2
    assert report["correlated"]["max_welfare"]["welfare"] == pytest.approx(10.5)
    assert report["dominated"] == []
    words = render_general(report)
    assert "no equilibrium is unique: all are isolated" in words
    assert "0.667 r1 + 0.333 r0" in words


def test_a_degenerate_game_says_so_with_the_range_of_each_weight():
    report = analyse_game(DEGENERATE, rng())
    assert report["equilibria"]["weight_ranges"]["column"]["c0"] == (
        pytest.approx([1 / 3, 1])
    )
    words = " ".join(render_general(report).split())
    assert "1 of 2 connected sets hold infinitely many" in words


def test_a_dominated_strategy_is_in_no_equilibrium_and_listed():
    report = analyse_game(PRISONERS, rng())
    assert [each["strategy"] for each in report["dominated"]] == ["r0", "c0"]
    assert report["equilibria"]["unique"]
    assert "it is the only one" in render_general(report)


def test_three_players_and_roles_are_analysed_in_every_part():
    for game in (CUBE, congestion(), drawn_roles(2, (2, 2), (2, 2))):
        report = analyse_game(game, rng())
        encode_json(report)
        parts = (
            "replicator",
            "dominated",
            "correlated",
            "coarse_correlated",
            "logit",
            "alpha_rank",
        )
        assert all("left_out" not in report[name] for name in parts)
        assert report["equilibria"]["count"] > 0
        for each in report["equilibria"]["found"]:
            assert all(r["estimate"] < 1e-6 for r in each["regrets"].values())
        assert render_general(report).startswith(game.title.upper())


def test_what_is_too_large_is_left_out_with_the_reason():
    report = analyse_game(drawn(0, 40, 40), rng())
    assert report["equilibria"]["count"] > 0
    assert not report["equilibria"]["whole"]
    assert "Lemke and Howson's 80 paths" in report["equilibria"]["method"]
    assert "1,600 profiles: at most 1,000" in report["alpha_rank"]["left_out"]
    assert "124,800 numbers" in report["correlated"]["max_welfare"]["left_out"]
    assert report["coarse_correlated"]["max_entropy"]["gain"]["estimate"] < 1e-5
    assert "ALPHA-RANK: SHARE OF TIME: LEFT OUT" in render_general(report)


def test_intervals_of_fixed_mixtures_cover_what_they_promise():
    truth = drawn(1, 3, 4)
    x, y = (rng(2).dirichlet(np.ones(n)) for n in (3, 4))
    errors = rng(3).uniform(0.1, 1, size=truth.payoffs.shape)
    earned, lost = expected(truth, [x, y]), regrets(truth, [x, y])
    hits = np.zeros((2, 2))
    draws = rng(4)
    for _ in range(300):
        seen = truth.payoffs + errors * draws.normal(size=errors.shape)
        game = NormalFormGame(truth.groups, truth.strategies, seen, errors)
        payoffs, gains = judged(game, [x, y], draws, 200)
        sides = zip(earned, payoffs, lost, gains, strict=True)
        hits += np.transpose(
            [(lo <= u <= hi, r <= most) for u, (_, lo, hi), r, (_, _, most) in sides]
        )
    assert hits[0].min() >= 0.92 * 300
    assert hits[1].min() >= 0.92 * 300


def test_the_covariance_is_that_of_redrawn_payoffs():
    base = drawn_roles(1, (2, 1), (2, 2))
    errors = rng(0).uniform(0.5, 1, size=base.payoffs.shape)
    game = RoleSymmetricGame(
        base.groups, base.counts, base.strategies, base.profiles, base.payoffs, errors
    )
    at = [np.array([0.3, 0.7]), np.array([0.5, 0.5])]
    draws = rng(1)
    seen = [
        np.concatenate(
            game.with_payoffs(
                game.payoffs + errors * draws.normal(size=errors.shape)
            ).deviations(at)
        )
        for _ in range(2000)
    ]
    assert covariance(game, at) == pytest.approx(np.cov(np.array(seen).T), abs=0.05)


def test_samples_of_a_profile_are_correlated():
    base = congestion(2)
    shared = rng(0).normal(size=(3, 50, 1))
    samples = tuple(base.payoffs[k] + shared[k] + np.zeros(2) for k in range(3))
    errors = np.array([s.std(axis=0, ddof=1) / np.sqrt(50) for s in samples])
    game = RoleSymmetricGame(
        base.groups,
        base.counts,
        base.strategies,
        base.profiles,
        base.payoffs,
        errors,
        samples,
    )
    spread = covariance(game, [np.array([0.5, 0.5])])
    # Both strategies meet in the profile of one each, whose noise they share.
    assert spread[0, 1] == pytest.approx(0.25 * shared[1].var(ddof=1) / 50)


def test_the_gain_of_a_joint_distribution_is_that_of_its_best_deviation():
    game = noisy(CHICKEN, 1e-9)
    found = best_for(game, np.ones(2))
    for coarse in (False, True):
        payoffs, gain = judged_joint(
            game, found, coarse=coarse, rng=rng(), num_samples=20
        )
        assert gain[2] == pytest.approx(0, abs=1e-6)
        assert payoffs[0] == pytest.approx((5.25,) * 3, abs=1e-6)
    loud, _ = judged_joint(
        noisy(CHICKEN, 1.0), found, coarse=False, rng=rng(), num_samples=200
    )
    half = 1.959964 * np.sqrt((found.distribution**2).sum())
    assert loud[1][2] - loud[1][0] == pytest.approx(half)


def test_pure_equilibria_are_counted_in_draws_of_the_errors():
    sure = pure_equilibria(noisy(PRISONERS, 1e-6), rng(), 50, 10)
    assert sure == {
        "count": 1,
        "listed": [{"profile": "(r1, c1)", "frequency": 1.0}],
    }
    tied = noisy(bimatrix([[0], [0]], [[0], [0]]), 1.0)
    found = pure_equilibria(tied, rng(), 400, 10)["listed"]
    assert [each["frequency"] for each in found] == pytest.approx([0.5, 0.5], abs=0.1)


def test_pure_equilibria_of_roles_are_those_of_players_apart():
    game = congestion(3)
    # 1 + 1 on a, then 2 on b costs as much as 3 on a: 2 on a and 1 on b, or all on a.
    found = pure_equilibria(game, rng(), 10, 10)
    assert [each["profile"] for each in found["listed"]] == ["driver: 2 a, 1 b"]
    apart = pure_equilibria(as_normal_form(game), rng(), 10, 10)
    assert apart["count"] == 3


def part_of(game, kept):
    return RoleSymmetricGame(
        game.groups,
        game.counts,
        game.strategies,
        game.profiles[kept],
        game.payoffs[kept],
    )


def test_an_incomplete_game_says_which_deviations_are_not_known():
    game = congestion(3)
    # All on a, or one of them on b, is known.
    found = all_or_some(part_of(game, [2, 3]), rng())
    assert found.mixtures == []
    # All on b is left for a: refuted.
    assert all_or_some(part_of(game, [0, 1]), rng()).mixtures == []
    alone = all_or_some(part_of(game, [3]), rng())
    assert alone.unconfirmed == ["b of driver"]
    assert "1 largest parts of the game without a missing profile" in alone.method
    report = analyse_game(part_of(game, [3]), rng())
    assert report["equilibria"]["found"][0]["regrets"]["driver"]["estimate"] is None
    assert report["equilibria"]["found"][0]["payoffs"]["driver"]["estimate"] == -3
    words = render_general(report)
    assert "1: it is not known what it brings to play b of driver" in words
    assert "1 of 4 profiles are known" in words
    assert "3 of its 4 profiles are missing" in words


def test_a_profile_next_to_a_missing_one_may_be_an_equilibrium():
    game = congestion(3)  # profiles of 0 to 3 drivers on a; that of 2 is the only one
    found = pure_equilibria(part_of(game, [0, 1, 2]), rng(), 10, 10)
    assert (found["count"], found["open"]) == (0, ["driver: 2 a, 1 b"])
    # Of 0 and 3 on a each, the first is refuted where 1 is known.
    found = pure_equilibria(part_of(game, [0, 3]), rng(), 10, 10)
    assert found["open"] == ["driver: 3 b", "driver: 3 a"]
    report = analyse_game(part_of(game, [0, 1, 2]), rng(), num_samples=10)
    words = render_general(report)
    assert "NO PURE EQUILIBRIUM IS CERTAIN" in words
    assert "it may be one: driver: 2 a, 1 b" in words


def test_names_are_shown_as_they_are_in_bullets_that_are_filled():
    named = bimatrix([[1, 0], [0, 1]], [[1, 0], [0, 1]])
    strategies = (("two\nlines", "b"), ("x", "y\t"))
    game = NormalFormGame(named.groups, strategies, named.payoffs)
    report = analyse_game(game, rng(), num_samples=10)
    sinks = [s for s in general_sections(report) if "Alpha-rank" in s.title]
    assert "two\\nlines" in sinks[0].as_text()
