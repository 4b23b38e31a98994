"""Ratings, maps, layers, cycles, diversity and phases of populations that are known."""

import numpy as np
import pytest

from psro_comm.disk.files import encode_json
from psro_comm.metagame.general.role_symmetric import RoleSymmetricGame
from psro_comm.metagame.meta_game import MetaGame
from psro_comm.metagame.population.analysis import describe
from psro_comm.metagame.population.diversity import diversity, over_iterations
from psro_comm.metagame.population.embedding import schur_embedding
from psro_comm.metagame.population.layers import cycles, nash_layers
from psro_comm.metagame.population.phase import phase_of
from psro_comm.metagame.population.ratings import ELO, elo, ratings
from psro_comm.metagame.population.zero_sum import as_normal_form
from psro_comm.reports.figures.phase import plot_zero_sum_phase
from psro_comm.reports.figures.population import plot_population
from psro_comm.reports.tables.population import population_sections
from tests.psro_comm.metagame.general.games import CHICKEN, SEXES, congestion, drawn

RPS = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])
SKILL = np.array([2.0, 1.0, 0.0])


def meta(mean, error=None):
    rows, columns = (
        tuple(f"{s}{k}" for k in range(n))
        for s, n in zip("da", np.shape(mean), strict=True)
    )
    errors = None if error is None else np.full(np.shape(mean), error)
    return MetaGame(rows, columns, mean, errors)


def test_elo_finds_the_ratings_that_made_the_odds():
    true_rows, true_columns = np.array([200.0, 0, -100]), np.array([50.0, -50])
    odds = (true_rows[:, None] - true_columns) / ELO
    found = elo(1 / (1 + np.exp(-odds)))
    # A twentieth of a game won and lost pulls all together by a tenth at most.
    assert found.rows == pytest.approx(true_rows, rel=0.12, abs=15)
    assert found.columns == pytest.approx(true_columns, rel=0.12)


def test_multidimensional_elo_tells_a_cycle_and_elo_does_not():
    wins = 0.5 + 0.4 * RPS
    plain, rich = elo(wins), elo(wins, rank=2)
    assert plain.rows == pytest.approx(0, abs=1e-2)
    assert plain.log_loss == pytest.approx(np.log(2))
    assert rich.log_loss < 0.9 * plain.log_loss


def test_elo_of_what_is_no_share_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        elo(np.array([[2.0, 0.0]]))


def test_nash_averaging_ignores_copies_and_uniform_ratings_do_not():
    table = np.vstack([RPS, RPS[:1]])
    x, y = np.array([1, 2, 2, 1]) / 6, np.full(3, 1 / 3)
    found = ratings(table[None], x, y, 0.0)
    assert [each["estimate"] for each in found["nash"]["defenders"]] == (
        pytest.approx([0] * 4)
    )
    assert "elo" not in found
    assert found["mean_payoff"]["defenders"][0]["low"] is None


def test_ratings_have_intervals_that_cover():
    truth, rng = np.add.outer(SKILL, -SKILL), np.random.default_rng(1)
    hits = np.zeros(3)
    x = y = np.eye(3)[0]
    for _ in range(200):
        seen = truth + rng.normal(size=(3, 3))
        tables = np.concatenate([seen[None], seen + rng.normal(size=(200, 3, 3))])
        own = ratings(tables, x, y, 0.0)["mean_payoff"]["defenders"]
        hits += [
            e["low"] <= s - 1 <= e["high"] for e, s in zip(own, SKILL, strict=True)
        ]
    assert hits.min() >= 0.9 * 200  # .95 less three standard errors


def test_rock_paper_scissors_is_one_disc():
    found = schur_embedding(RPS, 0.0)
    assert (found.kind, found.share) == ("disc", pytest.approx(1))
    assert np.hypot(*found.rows.T) == pytest.approx(
        np.full(3, np.hypot(*found.rows[0]))
    )
    u, v = found.rows.T
    assert np.outer(u, v) - np.outer(v, u) == pytest.approx(RPS)


def test_two_sides_are_inner_products():
    table = np.outer([1.0, 2, 3], [1, -1]) + np.outer([1.0, 0, -1], [2, 1]) + 5
    found = schur_embedding(table, 5.0)
    assert (found.kind, found.share) == ("product", pytest.approx(1))
    assert found.rows @ found.columns.T == pytest.approx(table - 5)
    one = schur_embedding(np.array([[3.0]]), 3.0)
    assert (one.rows.shape, one.share) == ((1, 2), 1.0)
    assert schur_embedding(np.zeros((2, 2)), 0.0).share == 1.0


def test_layers_of_a_transitive_game_are_single_policies():
    layers = nash_layers(np.add.outer(SKILL, -SKILL))
    assert [layer.rows for layer in layers] == [(0,), (1,), (2,)]
    assert [layer.columns for layer in layers] == [(0,), (1,), (2,)]
    assert [layer.secures for layer in layers] == pytest.approx([0, -1, -2])
    assert [layer.concedes for layer in layers] == pytest.approx([0, 1, 2])


def test_layers_of_a_cycle_above_a_weaker_cycle():
    table = np.block([[RPS, np.full((3, 3), 5.0)], [np.full((3, 3), -5.0), RPS]])
    layers = nash_layers(table)
    assert [layer.rows for layer in layers] == [(0, 1, 2), (3, 4, 5)]
    assert layers[1].value == pytest.approx(0)
    lopsided = nash_layers(np.arange(4.0)[:, None])
    assert [layer.rows for layer in lopsided] == [(3,), (0, 1, 2)]
    assert np.isnan(lopsided[1].value)


def test_cycles_are_two_by_two_games_without_a_saddle_point():
    rows, columns = cycles(np.array([[1.0, -1], [-1, 1]]))
    assert (rows.tolist(), columns.tolist()) == ([1, 1], [1, 1])
    assert cycles(np.add.outer(SKILL, -SKILL))[0].tolist() == [0, 0, 0]
    table = np.random.default_rng(0).normal(size=(4, 5))
    by_hand = np.zeros(4)
    for i in range(4):
        for k in range(4):
            for j in range(5):
                for l in range(5):  # noqa: E741
                    good = min(table[i, j], table[k, l]) > max(table[i, l], table[k, j])
                    by_hand[i] += good and i != k
    # Each cycle of i was counted once for each way to put it on the diagonal.
    assert cycles(table)[0].tolist() == by_hand.tolist()
    assert cycles(np.zeros((201, 200))) is None


def test_diversity_of_one_policy_is_none_and_of_a_cycle_some():
    uniform = np.full(3, 1 / 3)
    cycle = diversity(RPS, uniform, uniform, 0.0, 1.0)
    assert cycle.effective_diversity == pytest.approx(1 / 3)
    assert cycle.rows_played == pytest.approx(3)
    assert cycle.cardinality == pytest.approx(2 * 3 / (1 + 3))  # of both values 3
    one = diversity(np.array([[2.0]]), np.ones(1), np.ones(1), 2.0, 0.0)
    assert one == (0, 0, 1, 1)


def test_diversity_grows_with_the_population():
    names = ("d0", "d1", "d2"), ("a0", "a1", "a2")
    steps = [
        ({"d0": 1.0}, {"a0": 1.0}),
        (dict.fromkeys(names[0], 1 / 3), dict.fromkeys(names[1], 1 / 3)),
    ]
    first, last = over_iterations(RPS, names, steps)
    assert first.effective_diversity == 0
    assert last.cardinality == pytest.approx(1.5)


def test_phases_of_games_that_fit_on_a_page():
    square = phase_of(SEXES)
    assert (square.kind, square.labels[0]) == ("square", "row: weight of r0")
    # Above the mixed equilibrium (.6, .4) both grow.
    high = (square.points > 0.7).all(axis=1)
    assert (square.velocities[high] > 0).all()
    simplex = phase_of(as_normal_form(meta(RPS)))
    assert simplex.kind == "simplex"
    assert simplex.velocities.sum(axis=1) == pytest.approx(0, abs=1e-12)
    middle = np.abs(simplex.points - 1 / 3).max(axis=1) < 1e-9
    assert simplex.velocities[middle] == pytest.approx(0, abs=1e-12)
    assert phase_of(drawn(0, 3, 3)) is None
    assert phase_of(congestion()) is None
    assert phase_of(CHICKEN).kind == "square"


def test_a_role_of_three_strategies_fills_a_triangle():
    from psro_comm.metagame.general.reduction import all_profiles

    profiles = np.array(list(all_profiles([2], [3])))
    game = RoleSymmetricGame(("all",), (2,), (("a", "b", "c"),), profiles, -profiles)
    assert phase_of(game).labels == ("a", "b", "c")


def test_a_population_is_described_in_words_and_pictures(tmp_path):
    rng = np.random.default_rng(0)
    game = meta(rng.uniform(size=(5, 4)), 0.05)
    tables = game.mean + 0.05 * rng.normal(size=(30, 5, 4))
    tables[0] = game.mean
    found = describe(game, tables)
    encode_json(found)
    words = "\n".join(section.as_text() for section in population_sections(found))
    for part in ("DEFENDER RATINGS", "Elo", "LAYERS", "cardinality", "d0", "a3"):
        assert part in words
    found["diversity_by_iteration"] = [found["diversity"]] * 2
    files = plot_population(found, tmp_path / "p", "$t$")
    assert len(files) == 12
    assert all(file.stat().st_size > 1000 for file in files)
    assert plot_zero_sum_phase(game, np.ones(5), np.ones(4), tmp_path / "q") == []
    third = np.full(3, 1 / 3)
    assert len(plot_zero_sum_phase(meta(RPS), third, third, tmp_path / "q")) == 3
