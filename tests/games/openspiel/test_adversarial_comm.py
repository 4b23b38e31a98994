"""The registered game: slots of frozen populations, played by stock OpenSpiel."""

import copy
import gc
import pickle
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pyspiel
import pytest
from open_spiel.python import policy as openspiel_policy
from open_spiel.python.algorithms import exploitability
from open_spiel.python.algorithms.psro_v2 import psro_v2

from games.openspiel.adversarial_comm import (
    ATTACKER,
    DEFENDER,
    AdversarialCommGame,
    SlotPolicy,
)
from psro_comm.metagame.regret import nash_conv
from psro_comm.metagame.solvers import as_openspiel, nash, solve_zero_sum

#                  calm  loud  odd
RETURNS = np.array([[3.0, -1.0, 2.0], [0.5, 4.0, 0.0]])
NAMES = (("no-filter", "filter-001"), ("calm", "loud", "odd"))


def load(slots: int = 4) -> AdversarialCommGame:
    return pyspiel.load_game(f"python_adversarial_comm(slots={slots})")


def make_game() -> AdversarialCommGame:
    """2 of 4 slots of the defender and 3 of 4 of the attacker, paid by RETURNS."""
    game = load()
    for player, names in enumerate(NAMES):
        for name in names:
            game.fill(player, name)
    game.attach(lambda defender, attacker: RETURNS[defender, attacker])
    return game


def test_openspiel_loads_the_game_by_its_name() -> None:
    game = load(slots=5)
    assert isinstance(game, AdversarialCommGame)
    assert (game.num_players(), game.num_distinct_actions()) == (2, 5)
    assert game.max_game_length() == 1
    assert game.utility_sum() == 0
    kind = game.get_type()
    assert kind.short_name in pyspiel.registered_names()
    assert kind.chance_mode == pyspiel.GameType.ChanceMode.DETERMINISTIC
    assert kind.dynamics == pyspiel.GameType.Dynamics.SIMULTANEOUS
    assert kind.utility == pyspiel.GameType.Utility.ZERO_SUM


def test_there_are_16_slots_unless_asked_otherwise() -> None:
    name = "python_adversarial_comm"
    assert pyspiel.load_game(name).num_distinct_actions() == 16
    assert pyspiel.load_game(name, {"slots": 3}).num_distinct_actions() == 3
    assert AdversarialCommGame().num_distinct_actions() == 16


@pytest.mark.parametrize("slots", [0, -1])
def test_a_game_without_slots_raises(slots: int) -> None:
    with pytest.raises(ValueError, match=f"at least 1, got {slots}"):
        load(slots)


def test_legal_actions_grow_with_each_filled_slot() -> None:
    game = load()
    state = game.new_initial_state()
    assert state.legal_actions(DEFENDER) == state.legal_actions(ATTACKER) == []
    for slot, name in enumerate(NAMES[ATTACKER]):
        assert game.fill(ATTACKER, name) == slot
        assert state.legal_actions(ATTACKER) == list(range(slot + 1))
        assert state.legal_actions(DEFENDER) == []
    assert state.legal_actions_mask(ATTACKER) == [1, 1, 1, 0]
    assert game.names(ATTACKER) == NAMES[ATTACKER]
    assert game.names(DEFENDER) == ()


def test_two_games_do_not_share_their_populations() -> None:
    make_game()
    assert load().names(DEFENDER) == load().names(ATTACKER) == ()


def test_filling_a_full_population_raises() -> None:
    game = load(slots=1)
    game.fill(DEFENDER, "no-filter")
    with pytest.raises(ValueError, match="no slot for defender 'filter-001': 1 are"):
        game.fill(DEFENDER, "filter-001")
    assert game.names(DEFENDER) == ("no-filter",)
    assert game.fill(ATTACKER, "calm") == 0


def test_one_name_cannot_have_two_slots() -> None:
    game = make_game()
    with pytest.raises(ValueError, match="'loud' is slot 1"):
        game.fill(ATTACKER, "loud")
    assert game.fill(DEFENDER, "loud") == 2  # names are per player


@pytest.mark.parametrize("player", [-1, 2])
def test_there_are_only_two_players(player: int) -> None:
    with pytest.raises(ValueError, match=f"player must be 0 or 1, got {player}"):
        load().fill(player, "third")
    with pytest.raises(ValueError, match=f"player must be 0 or 1, got {player}"):
        load().names(player)


@pytest.mark.parametrize("cell", list(np.ndindex(RETURNS.shape)))
def test_the_defender_is_paid_the_return_and_the_attacker_its_negative(
    cell: tuple[int, int],
) -> None:
    state = make_game().new_initial_state()
    assert state.is_simultaneous_node()
    assert state.returns() == [0.0, 0.0]
    state.apply_actions(list(cell))
    assert state.is_terminal()
    assert state.returns() == [RETURNS[cell], -RETURNS[cell]]


def test_one_joint_action_is_one_rollout_however_often_it_is_read() -> None:
    game, rng, calls = make_game(), np.random.default_rng(0), []

    def noisy(defender: int, attacker: int) -> float:
        calls.append((defender, attacker))
        return rng.normal()

    game.attach(noisy)
    initial = game.new_initial_state()
    state = initial.clone()
    state.apply_actions([1, 2])
    returns = list(state.returns())
    assert state.returns() == state.clone().returns() == returns
    assert [state.player_return(0), state.player_return(1)] == returns
    assert calls == [(1, 2)]
    assert not initial.is_terminal()
    state.returns()[0] = 9.0
    assert state.returns() == returns


def test_a_state_outlives_the_last_reference_to_its_game() -> None:
    state = make_game().new_initial_state()
    gc.collect()
    state.apply_actions([1, 1])
    assert state.returns() == [4.0, -4.0]


def test_playing_without_a_rollout_raises() -> None:
    game = load()
    game.fill(DEFENDER, "no-filter")
    game.fill(ATTACKER, "calm")
    state = game.new_initial_state()
    with pytest.raises(ValueError, match=r"\('no-filter', 'calm'\).*attach"):
        state.apply_actions([0, 0])
    assert not state.is_terminal()
    game.attach(lambda defender, attacker: 7.0)
    state.apply_actions([0, 0])
    assert state.returns() == [7.0, -7.0]


@pytest.mark.parametrize(
    ("actions", "message"),
    [([2, 0], "defender's slot 2 is empty"), ([0, 3], "attacker's slot 3 is empty")],
)
def test_playing_an_empty_slot_raises(actions: list[int], message: str) -> None:
    state = make_game().new_initial_state()
    with pytest.raises(ValueError, match=message):
        state.apply_actions(actions)
    with pytest.raises(ValueError, match="is empty"):
        state.action_to_string(ATTACKER, -1)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_broken_rollout_raises_and_names_its_cell(bad: float) -> None:
    game = make_game()
    game.attach(lambda defender, attacker: bad)
    with pytest.raises(ValueError, match=r"\('filter-001', 'odd'\) must be finite"):
        game.new_initial_state().apply_actions([1, 2])


def test_actions_and_states_read_as_the_policies_names() -> None:
    state = make_game().new_initial_state()
    assert state.action_to_string(DEFENDER, 1) == "filter-001"
    assert state.action_to_string(ATTACKER, 1) == "loud"
    assert str(state) == ""
    state.apply_actions([1, 2])
    assert str(state) == "filter-001 against odd"


@pytest.mark.parametrize(
    "copied", [lambda game: pickle.loads(pickle.dumps(game)), copy.deepcopy]
)
def test_a_copy_keeps_the_names_and_asks_for_a_rollout(
    copied: Callable[[Any], Any],
) -> None:
    game = make_game()
    twin = copied(game)
    assert isinstance(twin, AdversarialCommGame)
    assert (twin.names(DEFENDER), twin.names(ATTACKER)) == NAMES
    assert twin.num_distinct_actions() == 4
    with pytest.raises(ValueError, match="attach"):
        twin.new_initial_state().apply_actions([0, 0])
    twin.fill(DEFENDER, "filter-002")
    assert game.names(DEFENDER) == NAMES[DEFENDER]


def test_openspiels_random_simulation_runs() -> None:
    pyspiel.random_sim_test(make_game(), num_sims=20, serialize=False, verbose=False)


def test_each_player_has_an_information_state_of_its_own() -> None:
    state = make_game().new_initial_state()
    strings = [state.information_state_string(player) for player in range(2)]
    assert strings == ["defender: ", "attacker: "]


def test_openspiels_nash_conv_of_the_game_is_ours_of_the_matrix() -> None:
    tabular = openspiel_policy.TabularPolicy(make_game())
    x, y = np.array([0.25, 0.75]), np.array([0.5, 0.125, 0.375])
    tabular.action_probability_array[DEFENDER, :2] = x
    tabular.action_probability_array[ATTACKER, :3] = y
    theirs = exploitability.nash_conv(make_game(), tabular)
    assert theirs == pytest.approx(nash_conv(RETURNS, x, y), abs=1e-12)


def test_a_slot_policy_plays_its_slot_and_pickles() -> None:
    policy = SlotPolicy(2, "filter-002")
    assert policy(make_game().new_initial_state(), DEFENDER) == {2: 1.0}
    assert policy(None) == {2: 1.0}
    assert pickle.loads(pickle.dumps(policy)) == policy
    assert copy.deepcopy(policy).name == "filter-002"


class HiddenMatrix:
    """An oracle that knows all strategies and adds a best response if it is new.

    Attributes:
      rows, columns: which strategy each slot holds; both begin with strategy 0.
    """

    def __init__(self, matrix: np.ndarray) -> None:
        self.matrix = matrix
        self.rows, self.columns = [0], [0]

    def rollout(self, defender: int, attacker: int) -> float:
        return self.matrix[self.rows[defender], self.columns[attacker]]

    def __call__(
        self, game: Any, training_parameters: Any, **unused: Any
    ) -> list[list[SlotPolicy]]:
        marginals = training_parameters[0][0]["probabilities_of_playing_policies"]
        row = int((self.matrix[:, self.columns] @ marginals[ATTACKER]).argmax())
        column = int((marginals[DEFENDER] @ self.matrix[self.rows]).argmin())
        new: list[list[SlotPolicy]] = [[], []]
        for player, (held, strategy) in enumerate(
            [(self.rows, row), (self.columns, column)]
        ):
            if strategy not in held:
                held.append(strategy)
                name = f"strategy-{strategy}"
                new[player].append(SlotPolicy(game.fill(player, name), name))
        return new


@pytest.mark.parametrize("seed", range(5))
def test_stock_psro_on_the_game_is_double_oracle(seed: int) -> None:
    # Sixteenths are exact in the float32 of OpenSpiel's sampler.
    matrix = np.random.default_rng(seed).integers(-99, 99, size=(6, 7)) / 16
    random.seed(seed)  # OpenSpiel draws from both global generators
    np.random.seed(seed)  # noqa: NPY002
    oracle, game = HiddenMatrix(matrix), load(slots=7)
    game.attach(oracle.rollout)
    initial = [
        SlotPolicy(game.fill(player, "strategy-0"), "strategy-0")
        for player in (DEFENDER, ATTACKER)
    ]
    solver = psro_v2.PSROSolver(
        game,
        oracle,
        sims_per_entry=1,
        initial_policies=initial,
        training_strategy_selector="probabilistic",
        meta_strategy_method=as_openspiel(nash),
        sample_from_marginals=True,
    )
    for _ in range(sum(matrix.shape)):
        solver.iteration()
    x, y = solver.get_meta_strategies()
    paid, negative = solver.get_meta_game()
    np.testing.assert_array_equal(paid, matrix[np.ix_(oracle.rows, oracle.columns)])
    np.testing.assert_array_equal(negative, -paid)
    value = solve_zero_sum(matrix).value
    assert x @ paid @ y == pytest.approx(value, abs=1e-7)
    full_x, full_y = np.zeros(6), np.zeros(7)
    full_x[oracle.rows], full_y[oracle.columns] = x, y
    assert nash_conv(matrix, full_x, full_y) < 1e-6
