"""Readers of general-sum games: .nfg, our JSON, and OpenSpiel both ways."""

import json

import numpy as np
import pyspiel
import pytest

from psro_comm.metagame.formats.options import Options
from psro_comm.metagame.general.files import (
    distinct,
    read_game,
    reduction_of,
    to_json,
    write_game,
)
from psro_comm.metagame.general.normal_form import NormalFormGame
from psro_comm.metagame.general.openspiel import from_openspiel, to_tensor_game
from psro_comm.metagame.general.role_symmetric import RoleSymmetricGame
from psro_comm.metagame.meta_game import MetaGame
from tests.psro_comm.metagame.general.games import CUBE, SEXES, bimatrix, drawn

THREE = """NFG 1 R "three" { "a" "b" "c" }
{ { "x" "y" } { "x" "y" "z" } { "only" } }
""
{ { "" 1, 2, 3 } { "win" 1/2 -1e1 .5 } }
1 2 0 1 2 0
"""


def given(tmp_path, text, name="game.nfg"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_an_nfg_of_three_players_with_outcomes(tmp_path):
    game = read_game(given(tmp_path, THREE))
    assert game.groups == ("a", "b", "c")
    assert game.strategies == (("x", "y"), ("x", "y", "z"), ("only",))
    # The first player's strategy changes fastest; outcome 0 pays nothing.
    assert game.payoffs[:, 0, 0, 0].tolist() == [1, 2, 3]
    assert game.payoffs[:, 1, 0, 0].tolist() == [0.5, -10, 0.5]
    assert game.payoffs[:, 0, 1, 0].tolist() == [0, 0, 0]
    assert game.payoffs[:, 1, 1, 0].tolist() == [1, 2, 3]


def test_a_general_sum_nfg_of_two_players(tmp_path):
    text = 'NFG 1 R "pd" { "1" "2" } { 2 2 }\n3 3 5 0 0 5 1 1'
    game = read_game(given(tmp_path, text))
    assert isinstance(game, NormalFormGame)
    assert game.payoffs[0].tolist() == [[3, 0], [5, 1]]
    assert game.payoffs[1].tolist() == [[3, 5], [0, 1]]
    assert game.strategies == (("0", "1"), ("0", "1"))


def test_a_constant_sum_nfg_stays_a_meta_game(tmp_path):
    text = 'NFG 1 R "c" { "1" "2" } { 2 2 }\n3 -1 0 2 1 1 2 0'
    game = read_game(given(tmp_path, text))
    assert isinstance(game, MetaGame)
    assert game.mean.tolist() == [[2, 0], [-1, 1]]


ROUNDED = [[[0.67, 0.33], [0.5, 0.12]], [[0.34, 0.67], [0.5, 0.88]]]


@pytest.mark.parametrize("kind", ["json", "nfg"])
def test_a_sum_that_is_nearly_constant_says_how_to_read_it(tmp_path, kind):
    path = tmp_path / f"wins.{kind}"
    cells = [(0, 0), (1, 0), (0, 1), (1, 1)]  # of Gambit's order
    paid = " ".join(f"{table[i][j]}" for i, j in cells for table in ROUNDED)
    sides = {"players": ["a", "b"], "strategies": [["x", "y"], ["u", "v"]]}
    path.write_text(
        json.dumps({**sides, "payoffs": ROUNDED})
        if kind == "json"
        else f'NFG 1 R "wins" {{ "a" "b" }} {{ 2 2 }}\n\n{paid}\n'
    )
    game = read_game(path)
    assert isinstance(game, NormalFormGame)
    (note,) = game.notes
    assert "sum to 1 up to 1.01: if that is rounding, --sum_tolerance=0.01 " in note
    for tolerance in (0.01, 0.0101):
        read = read_game(path, Options(sum_tolerance=tolerance))
        assert read.mean == pytest.approx(np.array([[0.165, -0.17], [0, -0.38]]))
    assert not read_game("openspiel:matrix_pd").notes


def test_standard_errors_of_both_players_of_one_number_are_the_larger(tmp_path):
    payoffs = [[[3.0, 0.0]], [[-3.0, 0.0]]]
    sides = {"players": ["a", "b"], "strategies": [["x"], ["u", "v"]]}
    path = tmp_path / "game.json"
    errors = [[[0.1, 0.1]], [[0.5, 0.1]]]
    path.write_text(json.dumps({**sides, "payoffs": payoffs, "std_error": errors}))
    game = read_game(path)
    assert game.std_error.tolist() == [[0.5, 0.1]]
    assert "standard errors of the players differ: the larger are taken" in game.notes


def test_names_that_are_there_twice_or_empty_are_told_apart_and_said(tmp_path):
    text = 'NFG 1 R "n" { "a" "a" } { { "s" "s" } { "" "t" } }\n0 0 0 0 0 0 0 0'
    game = read_game(given(tmp_path, text))
    assert isinstance(game, MetaGame)
    assert (game.defenders, game.attackers) == (("s (1)", "s (2)"), ("1", "t"))
    assert "strategy of 'a (1)' number 2, 's', is called 's (2)'" in game.notes


def test_told_apart_names_do_not_clash_with_others():
    notes = []
    assert distinct(["a", "a", "a (1)", "", "4"], "x", notes) == (
        *("a (1)", "a (2)", "a (1) (3)"),
        *("4", "4 (5)"),
    )


@pytest.mark.parametrize(
    "game", [CUBE, drawn(0, 2, 3), bimatrix([[1, 2]], [[0, 0]])], ids=str
)
def test_json_keeps_everything(tmp_path, game):
    noisy = NormalFormGame(
        game.groups, game.strategies, game.payoffs, 0.1 * np.abs(game.payoffs), "t"
    )
    path = tmp_path / "game.json"
    write_game(path, noisy)
    back = read_game(path)
    assert back.groups == noisy.groups
    assert back.strategies == noisy.strategies
    assert np.array_equal(back.payoffs, noisy.payoffs)
    assert np.array_equal(back.std_error, noisy.std_error)
    assert back.title == "t"


def test_json_of_a_zero_sum_game_of_two_players_is_a_meta_game(tmp_path):
    path = tmp_path / "game.json"
    payoffs = np.array([[1.0, -1.0], [0.0, 2.0]])
    write_game(path, bimatrix(payoffs, -payoffs))
    assert isinstance(read_game(path), MetaGame)


BAD_JSON = [
    ({"payoffs": [[[1]]]}, r"payoffs must be a list of 3"),
    ({"payoffs": None}, "its payoffs are null"),
    ({"players": "abc"}, "players and strategies must be lists"),
    ({"strategies": ["ab"] * 3}, "must be lists of names"),
    ({"title": 7}, "title is 7, must be a text"),
    ({"players": ["a", "a", "c"]}, "players must be distinct"),
]


@pytest.mark.parametrize(("change", "words"), BAD_JSON)
def test_damaged_json_is_refused_with_its_path(tmp_path, change, words):
    data = {**to_json(CUBE), **change}
    path = given(tmp_path, json.dumps(data), "bad.json")
    with pytest.raises(ValueError, match=words) as error:
        read_game(path)
    assert str(path) in str(error.value)


def test_a_payoff_that_is_no_number_names_its_place(tmp_path):
    data = to_json(CUBE)
    data["payoffs"][2][1][0][1] = "9"
    with pytest.raises(ValueError, match=r"payoffs\[2\]\[1\]\[0\]\[1\] is '9', not a"):
        read_game(given(tmp_path, json.dumps(data), "bad.json"))


def test_tensor_games_both_ways():
    for game in (CUBE, drawn(3, 2, 3, 1), SEXES):
        theirs = to_tensor_game(game)
        assert theirs.shape() == list(game.payoffs.shape[1:])
        back = from_openspiel(theirs)
        assert np.array_equal(back.payoffs, game.payoffs)
        assert back.strategies == game.strategies


@pytest.mark.parametrize(
    ("name", "shape", "first"),
    [
        ("matrix_pd", (2, 2, 2), [[5, 0], [10, 1]]),
        ("matrix_shapleys_game", (2, 3, 3), [[0, 0, 1], [1, 0, 0], [0, 1, 0]]),
        ("matching_pennies_3p", (3, 2, 2, 2), None),
        ("blotto(coins=3,fields=2,players=3)", (3, 4, 4, 4), None),
        ("first_sealed_auction(max_value=2)", None, None),
    ],
)
def test_games_of_openspiel_by_name(name, shape, first):
    game = read_game(f"openspiel:{name}")
    theirs = pyspiel.load_game(name)
    assert len(game.groups) == theirs.num_players()
    if shape:
        assert game.payoffs.shape == shape
    if first:
        assert game.payoffs[0].tolist() == first


@pytest.mark.parametrize("name", ["matrix_mp", "kuhn_poker", "goofspiel(num_cards=2)"])
def test_zero_sum_games_of_openspiel_are_meta_games(name):
    game = read_game(f"openspiel:{name}")
    assert isinstance(game, MetaGame)
    if name == "kuhn_poker":
        from psro_comm.metagame.solvers import solve_zero_sum

        assert solve_zero_sum(game.mean).value == pytest.approx(-1 / 18)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("matrix_pdd", r"has no game 'matrix_pdd': matrix_pd"),
        ("leduc_poker", r"2e\+168 by 2e\+168 profiles, at most 50,000"),
        ("blotto(players=3)", "66 by 66 by 66 profiles, at most 50,000"),
        ("snake", "makes no normal form of snake: InformationStateString"),
        ("matrix_pd(x=1)", "matrix_pd"),
    ],
)
def test_what_openspiel_cannot_give_is_one_line(name, words):
    with pytest.raises(ValueError, match=words) as error:
        read_game(f"openspiel:{name}")
    assert "\n" not in str(error.value)


def test_a_choice_without_effect_is_refused(tmp_path):
    with pytest.raises(ValueError, match="--row_role and --names have no effect on"):
        read_game("openspiel:matrix_pd", Options(row_role="p"))
    with pytest.raises(ValueError, match="has no effect on"):
        read_game(given(tmp_path, THREE), Options(row_role="p"))


@pytest.mark.parametrize("bad", ["", "a", "a:", ":3", "a:-1", "a:3,,b:2", "a:٣"])
def test_a_bad_reduction_is_refused(bad):
    with pytest.raises(ValueError, match="must be ROLE:PLAYERS"):
        reduction_of(bad)


def test_a_reduction_is_read_and_used(tmp_path):
    assert reduction_of("a:b:3, c:2") == {"a:b": 3, "c": 2}
    assert reduction_of(None) == {}
    data = {
        "players": {"all": 5},
        "strategies": {"all": ["x", "y"]},
        "profiles": [
            {"all": [[s, n, 1.0 * n] for s, n in (("x", k), ("y", 5 - k)) if n]}
            for k in range(6)
        ],
        "type": "game.1",
    }
    path = given(tmp_path, json.dumps(data), "five.json")
    game = read_game(path, Options(), {"all": 3})
    assert isinstance(game, RoleSymmetricGame)
    assert game.counts == (3,)
    with pytest.raises(ValueError, match="--reduction has no effect on"):
        read_game(given(tmp_path, THREE), Options(), {"all": 3})
