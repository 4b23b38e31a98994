"""Correlated and logit equilibria, alpha-rank, and searches, of several players."""

from dataclasses import replace

import numpy as np
import pytest

from psro_comm.metagame.general.alpha_rank import alpha_rank
from psro_comm.metagame.general.correlated import (
    FINDERS,
    best_for,
    deviation_gains,
    most_mixed,
)
from psro_comm.metagame.general.logit import logit_branch
from psro_comm.metagame.general.normal_form import expected, regrets
from psro_comm.metagame.general.search import PROVEN, flow, search
from psro_comm.metagame.solvers import META_SOLVERS
from psro_comm.metagame.solvers.checks import MetaSolverError
from tests.psro_comm.metagame.general.games import (
    CHICKEN,
    CUBE,
    PRISONERS,
    SEXES,
    bimatrix,
    congestion,
    drawn,
    drawn_roles,
)

RPS = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])


def test_the_best_correlated_equilibrium_of_chicken():
    # Aumann 1974: more than any mean of its Nash equilibria.
    found = best_for(CHICKEN, np.ones(2))
    assert found.payoffs.sum() == pytest.approx(10.5)
    assert found.distribution == pytest.approx(
        np.array([[0, 0.25], [0.25, 0.5]]), abs=1e-9
    )
    worst = best_for(CHICKEN, -np.ones(2))
    assert worst.payoffs.sum() <= 9.0 + 1e-9


def test_coarse_ones_are_more():
    # Moulin and Vial 1978: what is dominated may be played if nobody may look first.
    game = drawn(1, 3, 3)
    for weights in ([1, 0], [0, 1], [1, 1], [-1, -1]):
        ce = best_for(game, np.array(weights))
        cce = best_for(game, np.array(weights), coarse=True)
        assert np.dot(weights, cce.payoffs) >= np.dot(weights, ce.payoffs) - 1e-9


@pytest.mark.parametrize("coarse", [False, True])
@pytest.mark.parametrize("game", [CUBE, SEXES, drawn(2, 2, 1, 3)], ids=str)
def test_nobody_gains_by_deviating(game, coarse):
    for finder in FINDERS.values():
        found = finder(game, coarse)
        assert found.distribution.sum() == pytest.approx(1)
        gains = deviation_gains(game, coarse=coarse) @ found.distribution.ravel()
        assert gains.max() <= 1e-6 * game.spread


def test_the_most_mixed_one_has_the_highest_entropy():
    def entropy(joint):
        played = joint[joint > 0]
        return -(played * np.log(played)).sum()

    mixed = most_mixed(CUBE).distribution
    for weights in np.eye(3):
        assert entropy(mixed) >= entropy(best_for(CUBE, weights).distribution)
    # Without incentives it is uniform.
    assert most_mixed(bimatrix(np.zeros((2, 3)), np.zeros((2, 3)))).distribution == (
        pytest.approx(np.full((2, 3), 1 / 6), abs=1e-5)
    )


def test_programs_that_are_too_large_are_refused():
    with pytest.raises(ValueError, match="by 100 profiles take 1,980,000 numbers"):
        deviation_gains(bimatrix(*np.zeros((2, 100, 100))), coarse=False)
    with pytest.raises(ValueError, match="of 2,500 profiles: at most 2,000"):
        most_mixed(bimatrix(*np.zeros((2, 50, 50))), coarse=True)


def test_logit_equilibria_of_a_zero_sum_game_are_the_known_ones():
    payoffs = np.array([[4.0, 1.0, 0.3], [2.0, 3.0, 1.0]])
    x, y = META_SOLVERS["quantal"](payoffs)
    # There, over the spread of one player's payoffs; here, of both.
    spread = np.ptp([payoffs, -payoffs]) / np.ptp(payoffs)
    same = logit_branch(bimatrix(payoffs, -payoffs), rationality=20 * spread)
    assert same.mixtures[0] == pytest.approx(x, abs=1e-8)
    assert same.mixtures[1] == pytest.approx(y, abs=1e-8)


def test_the_logit_branch_chooses_the_risk_dominant_equilibrium():
    # Harsanyi and Selten's; the other pure one pays more.
    hunt = bimatrix([[9, 0], [8, 7]], [[9, 8], [0, 7]])
    branch = logit_branch(hunt)
    assert np.concatenate(branch.limit) == pytest.approx([0, 1, 0, 1])
    assert branch.regret == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    "game",
    [CUBE, congestion(), drawn_roles(1, (3, 2), (2, 3)), drawn(5, 3, 2, 2)],
    ids=str,
)
def test_a_logit_equilibrium_weighs_by_payoffs(game):
    branch = logit_branch(game, rationality=3.0)
    for x, u in zip(branch.mixtures, game.deviations(branch.mixtures), strict=True):
        weights = np.exp(3.0 * (u - u.max()) / game.spread)
        assert x == pytest.approx(weights / weights.sum(), abs=1e-8)
    assert branch.regret < PROVEN * game.spread


@pytest.mark.parametrize("bad", [-1.0, np.inf, np.nan])
def test_a_bad_rationality_is_refused(bad):
    with pytest.raises(ValueError, match="rationality is"):
        logit_branch(CUBE, rationality=bad)


def test_alpha_rank_is_1_on_a_strict_sink_of_any_size():
    # OpenSpiel's gives it .42: its chance to lose a step is .01, which 38 steps share.
    rows, columns = np.meshgrid(-np.arange(20.0), -np.arange(20.0), indexing="ij")
    found = alpha_rank(bimatrix(rows, columns))
    assert found.joint[0, 0] == pytest.approx(1, abs=1e-8)
    assert found.sinks == [[(0, 0)]]


def test_alpha_rank_of_a_cycle_is_uniform_and_shifts_change_nothing():
    for shift in (0, 1e6):
        found = alpha_rank(bimatrix(RPS + shift, -RPS + shift))
        x, y = found.marginals()
        assert x == pytest.approx(np.full(3, 1 / 3))
        assert y == pytest.approx(np.full(3, 1 / 3))
        assert len(found.sinks) == 1


def test_alpha_rank_of_three_players_has_a_sink_for_each_strict_equilibrium():
    found = alpha_rank(CUBE)
    assert sorted(found.sinks) == [[(0, 0, 0)], [(0, 1, 1)], [(1, 0, 1)], [(1, 1, 0)]]
    assert sum(found.joint[tuple(sink[0])] for sink in found.sinks) == pytest.approx(1)


def test_alpha_rank_agrees_with_openspiel_where_its_constant_is_small_enough():
    from open_spiel.python.egt import alpharank

    game = drawn(7, 3, 2, 2)
    theirs = alpharank.compute(
        list(game.payoffs), use_inf_alpha=True, inf_alpha_eps=1e-7
    )[2]
    assert alpha_rank(game).joint.ravel() == pytest.approx(theirs, abs=1e-4)


def test_alpha_rank_of_too_many_profiles_is_refused():
    with pytest.raises(MetaSolverError, match="of 1,600 profiles: at most 1,000"):
        alpha_rank(bimatrix(*np.zeros((2, 40, 40))))


def test_a_search_finds_all_nine_equilibria_of_three_players():
    found = search(CUBE, np.random.default_rng(0), 5)
    assert len(found) == 9
    assert max(each.regret for each in found) < 1e-9
    assert sum(min(map(min, each.mixtures)) > 0 for each in found) == 2


def test_a_search_finds_the_symmetric_mixture_of_roads():
    # With 4 drivers: 1 + 3 p = 2 (1 + 3 (1 - p)), p = 7/9.
    (found,) = search(congestion(), np.random.default_rng(0), 5)
    assert found.mixtures[0] == pytest.approx([7 / 9, 2 / 9])
    assert found.regret == pytest.approx(0, abs=1e-9)
    assert expected(congestion(), found.mixtures) == pytest.approx([-10 / 3])


def test_replicator_dynamics_rest_where_cooperation_ends_and_circle_in_a_cycle():
    start = [np.full(2, 0.5)] * 2
    end, _, rests = flow(PRISONERS, start)
    assert rests
    assert end[0] == pytest.approx([0, 1], abs=1e-6)
    away = [np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.5, 0.3])]
    end, average, rests = flow(bimatrix(RPS, -RPS), away)
    assert not rests
    assert max(regrets(bimatrix(RPS, -RPS), average)) < max(
        regrets(bimatrix(RPS, -RPS), end)
    )


def test_what_a_search_finds_is_verified():
    game = drawn_roles(3, (3, 2), (2, 2))
    for each in search(game, np.random.default_rng(1), 2):
        assert max(regrets(game, each.mixtures)) == pytest.approx(each.regret)
        assert each.regret < PROVEN * game.spread
    assert search(PRISONERS, np.random.default_rng(0), 2)[0].mixtures[0][1] == 1


@pytest.mark.parametrize("coarse", [False, True])
def test_programs_that_a_forbidden_profile_blinds_are_refused(coarse):
    # A weight of 1e-10 on -1e10 changes welfare as much as any: HiGHS cannot see it.
    game = drawn(3, 6, 6)
    payoffs = game.payoffs.copy()
    payoffs[0, 1, 2] = payoffs[1, 3, 0] = -1e10
    forbidden = replace(game, payoffs=payoffs)
    for find in FINDERS.values():
        with pytest.raises(MetaSolverError, match=r"spread over 1\.0e\+10, most over"):
            find(forbidden, coarse)
        assert find(replace(game, payoffs=1e6 * game.payoffs), coarse).gain < 1
