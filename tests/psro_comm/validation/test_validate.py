"""PSRO finds what is known: hidden matrices, a cube, signalling with PPO oracles."""

import json
from pathlib import Path

import numpy as np
import pytest

from games.openspiel.signalling import ATTACKER, DEFENDER, best_attack, best_defence
from oracles.signalling import Table, TableOracleConfig, as_defence
from psro_comm.disk.store import RunStore
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.reports.validation import render_steps
from psro_comm.validation.known_games import (
    HiddenMatrix,
    Signalling,
    SquaredDistance,
)
from psro_comm.validation.registry import KNOWN_GAMES
from psro_comm.validation.validate import validate


def test_a_hidden_matrix_without_noise_is_solved_exactly() -> None:
    game = HiddenMatrix(np.random.default_rng(3).standard_normal((6, 7)))
    steps = validate(game, iterations=9, worlds=2)
    assert steps[-1].true == pytest.approx(0, abs=1e-9)
    assert steps[-1].value["estimate"] == pytest.approx(game.value, abs=1e-9)
    for step in steps:  # exact oracles: the learned bound is the truth, at every step
        assert step.learned["estimate"] == pytest.approx(step.true, abs=1e-9)
        low, high = step.bracket
        assert low - 1e-9 <= game.value <= high + 1e-9


def test_the_cubes_value_is_minus_its_dimension_in_spite_of_noise() -> None:
    game = SquaredDistance(3, noise=0.5)
    steps = validate(game, iterations=9, worlds=300)
    low, high = steps[-1].bracket
    assert low <= -3 <= high
    assert steps[-1].true < 0.1 < steps[0].true
    assert abs(steps[-1].value["estimate"] + 3) < 0.1
    # Student's interval of the learned bound holds the truth: the oracles are exact but
    # for what the noise makes of the mixtures.
    held = [
        s.learned["low"] - 0.05 <= s.true <= s.learned["high"] + 0.05 for s in steps
    ]
    assert sum(held) >= 8


def test_learned_best_responses_come_near_the_exact_ones() -> None:
    game = Signalling()
    config = game.config
    trusting = Table(config, DEFENDER).numpy()
    trusting[:3] = [1.0, 0.0, 0.0]
    trusting[3:6] = np.eye(3)
    attack = game.respond(ATTACKER, [trusting], np.ones(1), seed=0)
    exact = best_attack(config, as_defence(config, [trusting], [1.0]))
    assert game_return(game, trusting, attack) == pytest.approx(exact, abs=0.03)
    defence = game.respond(DEFENDER, [attack], np.ones(1), seed=1)
    best = best_defence(config, attack)
    assert game_return(game, defence, attack) > best - 0.05


def game_return(game: Signalling, defender: np.ndarray, attacker: np.ndarray) -> float:
    return float(game.play(defender, attacker, 20_000, 5).mean())


def test_signalling_is_learned_to_a_small_true_exploitability() -> None:
    game = Signalling(oracle=TableOracleConfig(updates=60))
    steps = validate(game, iterations=4, worlds=1500)
    assert game.value == pytest.approx(0.64, abs=1e-6)
    assert steps[0].true > 0.3
    assert steps[-1].true < 0.1
    for step in steps:
        low, high = step.bracket
        assert low <= 0.64 + 1e-9
        assert high >= 0.64 - 1e-9
        # Learned responses cannot gain more than exact ones: a lower bound.
        assert step.learned["low"] <= step.true
    text = render_steps(steps, game.value)
    assert "true value 0.64" in text
    assert text.count("iteration") == 4


def test_the_store_keeps_every_table(tmp_path: Path) -> None:
    game = HiddenMatrix(np.eye(3), noise=0.1)
    with RunStore.open(tmp_path / "v", {"game": "matrix"}) as store:
        validate(game, iterations=2, worlds=5, store=store)
        table = PayoffTable.from_dict(store.load_json("payoffs-002"))
        assert table.mean().shape == (3, 3)
        step = store.load_json("step-002")
    assert json.loads(json.dumps(step))["iteration"] == 2


def test_one_seed_one_result() -> None:
    game = SquaredDistance(2)
    first, second = (validate(game, iterations=2, worlds=20, seed=4) for _ in range(2))
    assert first == second
    assert validate(game, iterations=2, worlds=20, seed=5) != first


def test_the_named_games_can_be_made() -> None:
    assert sorted(KNOWN_GAMES) == ["cube", "matrix", "signalling", "signalling_weak"]
    for make in KNOWN_GAMES.values():
        assert np.isfinite(make(0).value)
