"""The meta-game as an OpenSpiel matrix game."""

import numpy as np
import pyspiel
import pytest
from open_spiel.python import policy as openspiel_policy

from games.openspiel.adversarial_comm import ATTACKER, DEFENDER, as_matrix_game

#                attack-a  attack-b  attack-c
MATRIX = np.array([[1 / 3, -2.0, 0.0], [1e-13, 5e11, -0.1]])
ROWS, COLUMNS = ("no-filter", "filter-001"), ("a", "b", "c")


def test_utilities_are_bitwise_the_matrix_and_its_negative() -> None:
    game = as_matrix_game(MATRIX, ROWS, COLUMNS)
    paid_defender = np.array(game.player_utilities(DEFENDER))
    paid_attacker = np.array(game.player_utilities(ATTACKER))
    assert paid_defender.tobytes() == MATRIX.tobytes()
    assert paid_attacker.tobytes() == (-MATRIX).tobytes()


def test_rows_and_columns_carry_the_policies_names() -> None:
    game = as_matrix_game(MATRIX, ROWS, COLUMNS, name="meta_game")
    assert [game.row_action_name(i) for i in range(2)] == list(ROWS)
    assert [game.col_action_name(j) for j in range(3)] == list(COLUMNS)
    state = game.new_initial_state()
    assert state.action_to_string(DEFENDER, 1) == "filter-001"
    assert state.action_to_string(ATTACKER, 2) == "c"
    assert game.get_type().short_name == "meta_game"


@pytest.mark.parametrize("matrix", [MATRIX, np.zeros((2, 3)), np.full((2, 3), 7e12)])
def test_game_is_zero_sum_for_openspiel(matrix: np.ndarray) -> None:
    game = as_matrix_game(matrix, ROWS, COLUMNS)
    assert game.get_type().utility == pyspiel.GameType.Utility.ZERO_SUM


def test_playing_a_profile_pays_its_cell() -> None:
    state = as_matrix_game(MATRIX, ROWS, COLUMNS).new_initial_state()
    state.apply_actions([1, 2])
    assert state.returns() == [-0.1, 0.1]


def test_openspiel_makes_a_policy_for_the_game() -> None:
    game = as_matrix_game(MATRIX, ROWS, COLUMNS)
    tabular = openspiel_policy.TabularPolicy(game)
    assert tabular.action_probability_array.shape == (2, 3)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_unknown_payoff_raises_and_names_the_cell(bad: float) -> None:
    matrix = MATRIX.copy()
    matrix[1, 2] = bad
    with pytest.raises(ValueError, match=r"filter-001.*c.*must be finite"):
        as_matrix_game(matrix, ROWS, COLUMNS)


@pytest.mark.parametrize("matrix", [MATRIX.T, MATRIX[:1], np.zeros((0, 3))])
def test_matrix_that_does_not_fit_the_names_raises(matrix: np.ndarray) -> None:
    with pytest.raises(ValueError, match="names need such a matrix"):
        as_matrix_game(matrix, ROWS, COLUMNS)


def test_game_without_policies_raises() -> None:
    with pytest.raises(ValueError, match="names need such a matrix"):
        as_matrix_game(np.zeros((0, 0)), (), ())


@pytest.mark.parametrize("name", ['a "quoted" name', "two\nlines"])
def test_name_that_would_break_an_nfg_file_raises(name: str) -> None:
    with pytest.raises(ValueError, match="one line without quotes"):
        as_matrix_game(MATRIX, ROWS, COLUMNS, name)
