"""Learning curves: whole episodes, the same worlds, from first update to last."""

from dataclasses import replace
from typing import Any

import pytest

from games.engine.side import Side
from games.engine.strategy import NoAttack, NoFilter
from games.engine.threat import Threat
from games.environments.echo.env import Echo
from oracles.learning.randomness import make_generators
from oracles.strategies.attacks.config import AffineConfig, AttackConfig
from oracles.strategies.best_response import best_response, new_policy
from oracles.strategies.config import EvolutionConfig, OracleConfig, Recipe
from oracles.strategies.curve import Curve
from oracles.strategies.filters.config import FilterConfig
from oracles.strategies.freezing import freeze
from oracles.strategies.setting import Setting
from oracles.strategies.task import Task
from tests.hand_made import CAUGHT, FewGames, Liar, Parrots

ENV = Echo()
SETTING = Setting(ENV, Parrots(2), Threat(malicious=CAUGHT), CAUGHT)
LENGTH = ENV.spec.episode_limit
PPO = OracleConfig(env_steps=20_000, num_envs=32)
ES = EvolutionConfig(env_steps=20_000, num_envs=12, candidates=12, elites=3)
ATTACKS = {
    "ppo": Recipe(Side.ATTACKER, "gaussian", AttackConfig(hidden=8), "ppo", PPO),
    "es": Recipe(Side.ATTACKER, "affine", AffineConfig(scale=1.0), "es", ES),
}
EACH = pytest.mark.parametrize("recipe", ATTACKS.values(), ids=ATTACKS)


def points(lines: list[dict[str, float]]) -> list[dict[str, float]]:
    return [line for line in lines if "test/return_mean" in line]


def task(setting: Setting = SETTING, opponent: Any = None) -> Task:
    generators = make_generators(ENV.device, 0)
    return Task(setting, Side.ATTACKER, opponent or NoFilter(), generators)


@EACH
def test_every_oracle_logs_its_first_and_last_policy_and_some_between(recipe):
    lines: list[Any] = []
    found = best_response(SETTING, recipe, NoFilter(), seed=0, log=lines.append)
    seen = points(lines)
    assert [line["update"] for line in lines] == [*range(len(lines))]
    assert (lines[0]["env_steps"], lines[0]["wall_s"]) == (0, 0.0)
    assert seen[0] is lines[0]
    assert seen[-1] is lines[-1]
    assert 6 <= len(seen) <= 12
    generators = make_generators(ENV.device, 0)
    drawn = new_policy(SETTING, *recipe[:3], generators.policy)
    worlds = seen[0]["test/env_steps"] // LENGTH
    for line, policy in ((lines[0], drawn), (lines[-1], found)):
        tested = task().test(policy, worlds)
        assert line["test/return_mean"] == pytest.approx(tested.returns.mean().item())
        assert line["test/success_mean"] == pytest.approx(tested.success.mean().item())
    assert seen[0]["test/return_mean"] > seen[-1]["test/return_mean"] + 1.0


@EACH
def test_what_is_played_to_look_is_counted_apart_and_is_a_tenth(recipe):
    lines: list[Any] = []
    best_response(SETTING, recipe, NoFilter(), seed=0, log=lines.append)
    counted = [line["test/env_steps"] for line in points(lines)]
    steps = counted[0]
    assert counted == [steps * (k + 1) for k in range(len(counted))]
    assert steps % LENGTH == 0
    assert 0.05 < counted[-1] / recipe.budget.env_steps <= 0.1


@EACH
def test_looking_changes_no_policy(recipe):
    seen = best_response(SETTING, recipe, NoFilter(), seed=1, log=lambda _: None)
    unseen = best_response(SETTING, recipe, NoFilter(), seed=1)
    assert freeze(seen).digest() == freeze(unseen).digest()


def test_a_filters_curve_is_of_its_opponent_alone():
    config = FilterConfig(hidden=4, critic_hidden=4, benign_fraction=0.9)
    recipe = Recipe(Side.DEFENDER, "two_stage", config, "ppo", PPO)
    still = replace(PPO, ppo=replace(PPO.ppo, learning_rate=1e-9))
    lines: list[Any] = []
    how = recipe._replace(budget=still)
    best_response(SETTING, how, Liar(), seed=0, log=lines.append)
    # An untrained filter changes nothing: the liar turns every answer round.
    assert {line["test/return_mean"] for line in points(lines)} == {0.0}
    assert lines[-1]["team/return_mean"] > 4.0


def test_points_lie_closer_at_the_beginning():
    lines: list[dict[str, float]] = []
    curve = Curve(NoAttack(), task(), 5_000, lines.append)  # six points
    for k in range(50):
        curve({"update": k + 1, "env_steps": 100 * (k + 1)})
    curve.end()
    assert [line["env_steps"] for line in points(lines)] == [
        *(0, 200, 800, 1800, 3200, 5000)
    ]
    assert len(lines) == 51


def test_a_training_that_ends_early_has_a_last_point():
    lines: list[dict[str, float]] = []
    curve = Curve(NoAttack(), task(), 5_000, lines.append)
    for steps in (100, 300, 500):
        curve({"env_steps": steps})
    assert [line["env_steps"] for line in lines] == [0, 100, 300]
    curve.end()
    assert [line["env_steps"] for line in points(lines)] == [0, 300, 500]


def test_games_of_other_processes_are_looked_at_before_and_after_a_training():
    setting = SETTING._replace(env=FewGames())
    budget = replace(PPO, env_steps=2_000, num_envs=4)
    lines: list[Any] = []
    recipe = ATTACKS["ppo"]._replace(budget=budget)
    best_response(setting, recipe, NoFilter(), seed=0, log=lines.append)
    assert [line["update"] for line in points(lines)] == [0, lines[-1]["update"]]
    assert lines[-1]["update"] > 20
