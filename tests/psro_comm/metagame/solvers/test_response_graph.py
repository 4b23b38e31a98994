"""Alpha-rank: sinks by hand, OpenSpiel's chain with its noise, any scale of payoffs."""

import json

import numpy as np
import pytest
from open_spiel.python.egt import alpharank

from psro_comm.metagame.analysis import analyse
from psro_comm.metagame.meta_game import MetaGame
from psro_comm.metagame.solvers import META_SOLVERS, MetaSolverError
from psro_comm.metagame.solvers.response_graph import rank_pairs, stationary, sweep
from psro_comm.reports.tables.analysis import render_analysis

CYCLE = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])


def test_one_strict_sink_has_all_the_time_in_a_large_game() -> None:
    rng = np.random.default_rng(0)
    table = rng.standard_normal((20, 20))
    table[0], table[:, 0] = table.max(axis=0) + 1, 0.0
    table[0, 0] = table[1:, 0].max() + 1
    table[0, 1:] = table[0, 0] + 1 + rng.random(19)
    found = rank_pairs(table)
    assert found.sinks == [[(0, 0)]]
    assert found.joint[0, 0] == 1.0
    assert (
        rank_pairs(table, noise=0.01).joint[0, 0] < 0.9
    )  # what OpenSpiel's noise does


@pytest.mark.parametrize("scale", [1e3, 1e6, 1e12])
def test_large_payoffs_make_no_ties_of_small_differences(scale: float) -> None:
    table = np.array([[0, 1, scale], [0.5, 0, scale], [0, 0.2, -scale]])
    joint = rank_pairs(table, noise=0.01).joint
    np.testing.assert_allclose(joint.sum(axis=1), [0.419, 0.425, 0.156], atol=5e-4)
    small = table.copy()
    small[:, 2] = np.sign(small[:, 2]) * 10
    np.testing.assert_allclose(rank_pairs(table).joint, rank_pairs(small).joint)


def test_with_its_noise_it_is_openspiels_chain() -> None:
    rng = np.random.default_rng(1)
    for shape in ((2, 2), (3, 4), (4, 4)):
        table = rng.integers(0, 3, shape).astype(float)
        both = [table, -table]
        theirs = alpharank.compute(both, use_inf_alpha=True, inf_alpha_eps=0.01)[2]
        ours = rank_pairs(table, noise=0.01).joint
        np.testing.assert_allclose(ours, theirs.reshape(shape), atol=1e-10)
        spread = np.ptp(table)
        for alpha, joint in sweep(table, (0.1, 1.0, 5.0)):
            theirs = alpharank.compute([u / spread for u in both], alpha=alpha, m=50)[2]
            np.testing.assert_allclose(joint, theirs.reshape(shape), atol=1e-9)


def test_differences_within_the_noise_are_ties() -> None:
    table = np.array([[1.0, 1.1], [0.0, 0.1]])
    strict = rank_pairs(table, np.full((2, 2), 1.0))
    assert strict.joint[0, 0] == 1.0
    tied = rank_pairs(table, np.full((2, 2), 1.0), ties=1.96)
    np.testing.assert_allclose(tied.joint, 0.25)
    with pytest.raises(ValueError, match="ties is -1"):
        rank_pairs(table, ties=-1)


def test_several_sinks_share_time_as_they_are_left(monkeypatch) -> None:
    # Two strict sinks, (0, 0) and (1, 1), that mirror each other: half the time each.
    found = rank_pairs(np.array([[0.0, 0.0], [0.0, 0.0]]))
    assert len(found.sinks) == 1
    np.testing.assert_allclose(found.joint, 0.25)
    chain = np.array([[0, 1e-9, 0], [1, 0, 1], [0, 1e-9, 0]])
    np.testing.assert_allclose(stationary(chain)[[0, 2]], 0.5, atol=1e-8)
    with pytest.raises(MetaSolverError, match="more than one class"):
        stationary(np.array([[0.0, 1.0], [0.0, 0.0]]))


def test_marginals_are_of_the_joint_distribution() -> None:
    x, y = META_SOLVERS["alpha_rank"](CYCLE)
    joint = rank_pairs(CYCLE).joint
    np.testing.assert_allclose(x, joint.sum(axis=1))
    np.testing.assert_allclose(y, joint.sum(axis=0))


def test_an_analysis_shows_pairs_ties_and_the_sweep() -> None:
    names = ("a", "b"), ("x", "y")
    game = MetaGame(*names, [[3.0, 2.0], [1.0, 0.0]], np.full((2, 2), 0.1))
    report = analyse(
        game, np.random.default_rng(0), num_samples=20, meta_solver="alpha_rank"
    )
    ranked = report["alpha_rank"]
    assert ranked["sinks"] == [1]
    (pair,) = ranked["pairs"]
    assert (pair["defender"], pair["attacker"], pair["share"]) == ("a", "y", 1.0)
    assert [step["alpha"] for step in ranked["sweep"]] == [0.1, 1, 10, 100, 1000]
    assert ranked["sweep"][-1]["share"] > 0.9
    assert json.loads(json.dumps(report)) == report
    assert "alpha-rank by selection pressure" in render_analysis(report).lower()
