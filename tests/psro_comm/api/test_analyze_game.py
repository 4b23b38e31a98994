"""Analyses games of any number of players: arrays, files, OpenSpiel's games, PSRO."""

import contextlib
import io
import json
import random

import numpy as np
import pyspiel
import pytest
from open_spiel.python.algorithms.psro_v2 import best_response_oracle, psro_v2

import psro_comm as pc
from psro_comm.metagame.general.files import read_game, write_game
from tests.psro_comm.metagame.general.games import CUBE, PRISONERS, congestion

STAGS = [[[4.0, 0.0], [3.0, 2.0]], [[4.0, 3.0], [0.0, 2.0]]]


def solver_of(game, iterations=2, **how):
    """OpenSpiel's own solver with exact best responses, after some iterations."""
    np.random.seed(1)  # noqa: NPY002
    random.seed(1)
    with contextlib.redirect_stdout(io.StringIO()):  # it prints what it is
        solver = psro_v2.PSROSolver(
            game,
            best_response_oracle.BestResponseOracle(game=game, policy=None),
            sims_per_entry=10,
            training_strategy_selector="probabilistic",
            meta_strategy_method="prd",
            sample_from_marginals=True,
            prd_iterations=500,
            **how,
        )
        for _ in range(iterations):
            solver.iteration()
    return solver


@pytest.fixture(scope="module")
def kuhn():
    """PSRO of Kuhn's poker, of two players."""
    return solver_of(pyspiel.load_game("kuhn_poker"))


def test_a_solver_of_two_players_is_a_table_with_a_value(kuhn):
    table, mixtures = kuhn.get_meta_game(), kuhn.get_meta_strategies()
    found = pc.analyze(kuhn)
    assert found.game.mean == pytest.approx(table[0])
    assert found.game.mean.shape == (3, 3)
    assert found.value.estimate == pytest.approx(pc.analyze(table[0]).value.estimate)
    names = ["UniformRandomPolicy 0", "CPPBestResponsePolicy 1"]
    assert list(found.mixture("filter"))[:2] == names
    x, y = mixtures
    gained = (table[0] @ y).max() - (x @ table[0]).min()
    assert f"the solver's own mixtures have NashConv {gained:.4g} in this" in str(found)
    assert np.isnan(found.value.low)


def test_errors_and_names_may_be_given_beside_a_solver(kuhn, tmp_path):
    errors = np.full((3, 3), 0.1)
    found = pc.analyze(kuhn, std_error=errors, filters=["a", "b", "c"], resamples=20)
    assert found.value.low < found.value.estimate < found.value.high
    assert {*found.mixture("filter")} == {"a", "b", "c"}
    pc.save_table(kuhn, tmp_path / "kuhn.nfg")
    again = pc.analyze(tmp_path / "kuhn.nfg")
    assert again.value.estimate == pytest.approx(pc.analyze(kuhn).value.estimate)
    with pytest.raises(ValueError, match="must be 3 names, none twice"):
        pc.analyze(kuhn, attacks=["a", "a", "b"])


def test_a_policy_is_called_by_its_name(kuhn):
    class Named:
        name = "the first"

    class Renamed:
        """The solver, whose first policy has a name."""

        get_meta_game, get_meta_strategies = (
            kuhn.get_meta_game,
            kuhn.get_meta_strategies,
        )

        def get_policies(self):
            first, second = kuhn.get_policies()
            return [[Named(), *first[1:]], second]

    assert "the first" in pc.analyze(Renamed()).mixture("filter")


def test_a_solver_of_three_players_has_equilibria():
    solver = solver_of(pyspiel.load_game("kuhn_poker(players=3)"), iterations=1)
    with pytest.raises(ValueError, match=r"two-player zero-sum.*pc\.analyze_game is"):
        pc.analyze(solver)
    found = pc.analyze_game(solver)
    tables = np.array(solver.get_meta_game())
    assert found.game.payoffs == pytest.approx(tables)
    assert found.game.groups == ("player 0", "player 1", "player 2")
    for each in found.equilibria:
        mixtures = [
            [weights.get(name, 0.0) for name in own]
            for own, weights in zip(found.game.strategies, each.values(), strict=True)
        ]
        x, y, z = map(np.array, mixtures)
        earned = np.einsum("kabc,a,b,c->k", tables, x, y, z)
        best = np.einsum("abc,b,c->a", tables[0], y, z).max()
        assert best == pytest.approx(earned[0], abs=1e-9)
    assert found.equilibria


def test_a_symmetric_solver_has_the_same_policies_on_both_sides():
    game = pyspiel.convert_to_turn_based(pyspiel.load_game("matrix_rps"))
    found = pc.analyze(solver_of(game, symmetric_game=True))
    assert found.game.mean == pytest.approx(-found.game.mean.T)
    assert found.game.defenders == found.game.attackers


def test_a_payoff_that_is_not_known_is_refused(kuhn):
    class Broken:
        """A solver that was stopped while it played."""

        get_policies, get_meta_strategies = kuhn.get_policies, kuhn.get_meta_strategies

        def get_meta_game(self):
            tables = [table.copy() for table in kuhn.get_meta_game()]
            tables[1][0, 2] = np.nan
            return tables

    with pytest.raises(ValueError, match=r"the payoffs of 'player 1' in .* is nan"):
        pc.analyze(Broken())


def test_an_array_has_all_its_equilibria_with_earnings():
    found = pc.analyze_game(
        STAGS, players=["a", "b"], strategies=[["stag", "hare"]] * 2
    )
    assert {"a": {"stag": 1.0}, "b": {"stag": 1.0}} in found.equilibria
    assert len(found.equilibria) == 3
    assert "equilibria found: 3 (all extreme ones)" in found.title
    mixed = [r for r in found.records() if 0 < r["weight"] < 1]
    assert [r["weight"] for r in mixed] == pytest.approx([2 / 3, 1 / 3] * 2)
    assert mixed[0]["payoff"] == pytest.approx(8 / 3)
    assert "<td>stag</td>" in found._repr_html_()
    assert "EQUILIBRIA: 3" in str(found)
    json.dumps(found.to_dict(), allow_nan=False)


def test_errors_of_an_array_give_intervals():
    how = {"std_error": np.full((2, 2, 2), 0.1), "resamples": 50, "seed": 3}
    found = pc.analyze_game(STAGS, **how)
    record = found.records()[0]
    assert record["payoff_low"] < record["payoff"] < record["payoff_high"]
    assert found.to_dict() == pc.analyze_game(STAGS, **how).to_dict()


def test_files_names_and_objects_are_read(tmp_path):
    write_game(tmp_path / "cube.json", CUBE)
    found = pc.analyze_game(tmp_path / "cube.json")
    assert found.game.payoffs == pytest.approx(CUBE.payoffs)
    assert found.found["equilibria"] == pc.analyze_game(CUBE).found["equilibria"]
    by_name = pc.analyze_game("openspiel:matrix_sh").found
    of_game = pc.analyze_game(pyspiel.load_game("matrix_sh")).found
    assert by_name["equilibria"] == of_game["equilibria"]
    assert pc.analyze_game(congestion()).game.counts == (4,)
    rps = pc.analyze("openspiel:matrix_rps")
    assert rps.value.estimate == pytest.approx(0.0)
    assert rps.game.mean == pytest.approx(read_game("openspiel:matrix_rps").mean)


@pytest.mark.parametrize(
    ("payoffs", "how", "words"),
    [
        (np.zeros((2, 3)), {}, "payoffs has shape (2, 3), must be [k, n_1, ..., n_k]"),
        (np.zeros((3, 2, 2)), {}, "payoffs has shape (3, 2, 2)"),
        (np.zeros((2, 0, 2)), {}, "payoffs has shape (2, 0, 2)"),
        (np.array(STAGS) * np.nan, {}, "is nan"),
        (STAGS, {"players": ["a", "a"]}, "players must be distinct names"),
        (STAGS, {"strategies": [["a", "b"]]}, "2 players need as many lists"),
        (STAGS, {"std_error": -np.ones((2, 2, 2))}, "is -1.0"),
        (STAGS, {"reduction": {"a": 1}}, "reduction has no effect"),
        (STAGS, {"resamples": 0}, "resamples is 0, must be an integer of at least 2"),
        (PRISONERS, {"players": ["a", "b"]}, "players has no effect"),
        ("openspiel:matrix_rps", {}, "pc.analyze is for it"),
        ("openspiel:matrix_sh", {"std_error": 1.0}, "std_error has no effect"),
        ("openspiel:matrix_nothing", {}, "OpenSpiel has no game 'matrix_nothing'"),
        ("absent.json", {}, "absent.json"),
    ],
)
def test_bad_games_are_one_clear_line(payoffs, how, words):
    with pytest.raises(ValueError, match=r".") as error:
        pc.analyze_game(payoffs, **how)
    assert words in str(error.value)
    assert "\n" not in str(error.value)
