"""Adversarial signalling: rules by hand, and OpenSpiel's numbers beside ours."""

import numpy as np
import pyspiel
import pytest
from open_spiel.python import policy as openspiel_policy
from open_spiel.python.algorithms import cfr, expected_game_score, exploitability

from games.openspiel.signalling import (
    Defence,
    SignallingConfig,
    best_attack,
    best_defence,
    expected_return,
    game_value,
)
from oracles.signalling import as_defence

GAME = "python_adversarial_signalling"
CONFIG = SignallingConfig()
K = CONFIG.states


def played(*moves: int) -> list[float]:
    state = pyspiel.load_game(GAME).new_initial_state()
    for move in moves:
        state.apply_action(move)
    assert state.is_terminal()
    return state.returns()


@pytest.mark.parametrize(
    ("moves", "paid"),
    [
        ((1, 1, 0, 1), 1.0),  # honest, accepted, believed
        ((1, 2, 0, 2), 0.1),  # fooled, but forging has its price
        ((1, 2, 1, 1, 1), 1.0),  # forged, repaired: the two prices cancel
        ((0, 0, 1, 2, 2), -0.1),  # repaired in vain
    ],
)
def test_payoffs_by_hand(moves: tuple[int, ...], paid: float) -> None:
    assert played(*moves) == pytest.approx([paid, -paid])


def test_openspiels_own_simulations_pass() -> None:
    pyspiel.random_sim_test(pyspiel.load_game(GAME), 10, False, False)


def test_players_know_what_they_have_seen_and_no_more() -> None:
    game = pyspiel.load_game(GAME)
    texts = []
    for nature in (0, 1):
        state = game.new_initial_state()
        state.apply_action(nature)
        attacker = state.information_state_string(1)
        state.apply_action(2)
        texts.append((attacker, state.information_state_string(0)))
    assert texts[0][0] != texts[1][0]  # the attacker sees the state
    assert texts[0][1] == texts[1][1]  # the filter sees the signal alone


def openspiel_numbers(
    defender: np.ndarray, attacker: np.ndarray
) -> tuple[float, float]:
    """Expected return and NashConv of two tables, by OpenSpiel alone."""
    game = pyspiel.load_game(GAME)
    tabular = openspiel_policy.TabularPolicy(game)
    for state in tabular.states:
        seen = state.moves
        row = tabular.policy_for_key(
            state.information_state_string(state.current_player())
        )
        if state.current_player() == 1:
            row[:] = attacker[seen[0]]
        elif len(seen) == 2:
            row[:2], row[2:] = defender[seen[1], :2], 0.0
        elif seen[2] == 0:
            row[:] = defender[K + seen[1]]
        else:
            row[:] = defender[(2 + seen[1]) * K + seen[3]]
    score = expected_game_score.policy_value(game.new_initial_state(), [tabular] * 2)
    return float(score[0]), float(exploitability.nash_conv(game, tabular))


def test_the_formulas_agree_with_openspiel() -> None:
    rng = np.random.default_rng(0)
    for _ in range(3):
        defender = rng.dirichlet(np.ones(K), size=2 * K + K * K)
        defender[:K] = np.append(rng.dirichlet([1, 1], size=K), np.zeros((K, 1)), 1)
        attacker = rng.dirichlet(np.ones(K), size=K)
        defence = as_defence(CONFIG, [defender], [1.0])
        score, conv = openspiel_numbers(defender, attacker)
        assert expected_return(CONFIG, defence, attacker) == pytest.approx(score)
        ours = best_defence(CONFIG, attacker) - best_attack(CONFIG, defence)
        assert ours == pytest.approx(conv)


def test_a_mixture_of_defenders_is_the_average_of_its_realisations() -> None:
    rng = np.random.default_rng(1)
    tables = [rng.dirichlet(np.ones(K), size=2 * K + K * K) for _ in range(2)]
    for table in tables:
        table[:K] = [0.5, 0.5, 0.0]
    forging = rng.dirichlet(np.ones(K), size=K)
    mixed = as_defence(CONFIG, tables, [0.25, 0.75])
    apart = [
        expected_return(CONFIG, as_defence(CONFIG, [table], [1.0]), forging)
        for table in tables
    ]
    expected = 0.25 * apart[0] + 0.75 * apart[1]
    assert expected_return(CONFIG, mixed, forging) == pytest.approx(expected)


def test_the_value_is_the_one_that_openspiels_cfr_approaches() -> None:
    solver = cfr.CFRPlusSolver(pyspiel.load_game(GAME))
    for _ in range(40):
        solver.evaluate_and_update_policy()
    average = solver.average_policy()
    conv = exploitability.nash_conv(solver._game, average)
    score = expected_game_score.policy_value(
        solver._game.new_initial_state(), [average] * 2
    )
    assert conv < 0.01
    assert game_value(CONFIG) == pytest.approx(score[0], abs=conv)
    assert game_value(CONFIG) == pytest.approx(0.64, abs=1e-6)


def test_free_forging_makes_signals_worthless_and_dear_forging_honest() -> None:
    free = SignallingConfig(forge_cost=0.0, repair_cost=1.0)
    assert game_value(free) == pytest.approx(1 / 3, abs=1e-6)
    assert game_value(SignallingConfig(forge_cost=1.0)) == pytest.approx(1.0, abs=1e-6)


def test_an_honest_sender_is_believed() -> None:
    trusting = Defence(np.eye(K), np.zeros((K, K, K)))
    assert expected_return(CONFIG, trusting, np.eye(K)) == pytest.approx(1.0)
    assert best_attack(CONFIG, trusting) == pytest.approx(0.1)
    assert best_defence(CONFIG, np.eye(K)) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("field", "bad"), [("states", 1), ("repair_accuracy", 1.5), ("states", 11)]
)
def test_bad_parameters_are_named(field: str, bad: float) -> None:
    with pytest.raises(ValueError, match=f"{field} is {bad}"):
        SignallingConfig(**{field: bad})
