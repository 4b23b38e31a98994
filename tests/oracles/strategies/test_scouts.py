"""Scouts: random policies that are rated before a search begins at the best."""

from dataclasses import replace

import pytest
import torch

from games.engine.strategy import NoFilter
from oracles.strategies.best_response import best_response
from oracles.strategies.evolution import Search
from tests.hand_made import CAUGHT
from tests.oracles.strategies.test_evolution import (
    AFFINE,
    BUDGET,
    GENERATION,
    SETTING,
    mean_return,
)
from tests.oracles.strategies.test_watching import Hesitant

EPISODE = 9


def searched(seed=0, opponent=None, **settings):
    """The attack of a search, and its log."""
    lines, budget = [], replace(BUDGET, **settings)
    recipe = AFFINE._replace(budget=budget)
    found = best_response(
        SETTING, recipe, opponent or NoFilter(), seed=seed, log=lines.append
    )
    return found, [line for line in lines if line["update"] > 0]


def test_a_search_begins_at_the_best_of_its_scouts():
    # So few steps that nothing follows them but one generation, close to the best.
    few = 4 * 4 * EPISODE * 20
    lucky, lines = searched(scouts=20, env_steps=few, std=3.0)
    plain, _ = searched(env_steps=few, std=0.01)
    assert lines[0]["attack/std"] == pytest.approx(0.3)
    assert mean_return(lucky, NoFilter()) < 1.0 < mean_return(plain, NoFilter())


def test_the_best_is_chosen_in_two_steps(monkeypatch):
    played = []

    def fitness(search, outcome, side):
        played.append(tuple(outcome.returns.shape))
        return torch.arange(len(outcome.returns), dtype=torch.float32)

    monkeypatch.setattr(Search, "fitness", fitness)
    searched(scouts=30)
    assert played[:4] == [(12, 4), (12, 4), (6, 4), (12, 12)]


def test_scouts_take_a_quarter_of_the_steps_at_most_and_all_count():
    _, lines = searched(scouts=10_000)
    asked = BUDGET.env_steps // 4 // (4 * EPISODE)
    first = asked * 4 * EPISODE + GENERATION
    assert lines[0]["env_steps"] == first
    assert lines[1]["env_steps"] == first + GENERATION
    assert lines[-1]["env_steps"] <= BUDGET.env_steps


def test_none_are_drawn_where_none_are_asked_for_or_paid():
    assert searched()[1][0]["env_steps"] == GENERATION
    assert (
        searched(scouts=9, env_steps=4 * 4 * EPISODE)[1][0]["env_steps"] == GENERATION
    )


def test_scouts_are_rated_as_if_they_were_heard():
    muzzle = Hesitant(CAUGHT, 0.0)
    _, lines = searched(scouts=20, watching=0.5, opponent=muzzle)
    # Behind the muzzle a lie does nothing: what it would do is what was rated.
    assert lines[0]["attack/elite_return_mean"] < 4.0 < lines[-1]["team/return_mean"]


def test_one_seed_finds_one_policy():
    first, again, other = (searched(seed, scouts=20)[0] for seed in (0, 0, 1))
    assert first.stretch.item() == again.stretch.item() != other.stretch.item()
