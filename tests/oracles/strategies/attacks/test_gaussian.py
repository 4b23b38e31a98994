"""The noise of eq. 1: its shape and its course, and what older attacks had."""

import json
import math
from dataclasses import replace
from typing import Any

import pytest
import torch

from games.engine.channel import Channel
from games.engine.play import Stream, collect
from games.engine.side import Side
from games.engine.strategy import NoFilter
from games.engine.threat import Threat
from games.environments.echo.env import Echo
from oracles.learning.config import PPOConfig
from oracles.strategies.attacks.config import AttackConfig
from oracles.strategies.attacks.gaussian import GaussianAttack
from oracles.strategies.best_response import best_response
from oracles.strategies.config import OracleConfig, Recipe
from oracles.strategies.freezing import freeze, thaw
from oracles.strategies.setting import Setting
from tests.hand_made import CAUGHT, Parrots

SIZE, WORLDS = 3, 2000
FIRST = {"noise_scale", "mean_scale", "alpha", "hidden", "stop_return"}
BUDGET = OracleConfig(
    env_steps=10_000, num_envs=32, ppo=PPOConfig(learning_rate=1e-2, entropy_coef=0.0)
)


def setting(**rules: Any) -> Setting:
    team = Parrots(SIZE)
    team.message_rms = torch.tensor([1.0, 2.0, 4.0])
    return Setting(Echo(), team, Threat(malicious=CAUGHT, **rules), CAUGHT)


def attack(rules: dict[str, Any] | None = None, **config: Any) -> GaussianAttack:
    torch.manual_seed(0)
    settings = AttackConfig(**{"hidden": 4, **config})
    return GaussianAttack.new(setting(**(rules or {})), settings)


def rollout(policy: GaussianAttack) -> Any:
    game = setting()
    stream = Stream(
        *(game.env, game.team, Channel(policy)),
        malicious=torch.zeros(WORLDS, 1, dtype=torch.long),
        world_generator=torch.Generator().manual_seed(0),
        generator=torch.Generator().manual_seed(1),
    )
    return collect(stream.play(), 3)


def trained(noise: str, budget: OracleConfig = BUDGET) -> Any:
    config = AttackConfig(hidden=8, noise=noise)
    recipe = Recipe(Side.ATTACKER, "gaussian", config, "ppo", budget)
    return best_response(setting(), recipe, NoFilter(), seed=0)


@pytest.mark.parametrize(
    ("shape", "cap", "shaped"),
    [
        ("auto", None, False),
        ("auto", 1.0, True),
        ("clean", None, True),
        ("diagonal", 1.0, False),
    ],
)
def test_noise_is_shaped_like_clean_messages_where_a_cap_is_set(shape, cap, shaped):
    policy = attack({"cap": cap}, noise_shape=shape)
    assert policy.shaped == shaped
    assert ("root" in policy.state_dict()) == shaped


def test_shaped_noise_lies_where_messages_vary_and_is_as_long():
    """Parrots say one bit, three times over: along (1, 1, 1)."""
    policy = attack(noise_shape="clean")
    delta = rollout(policy).wire.attack.choice[:, :, 0].flatten(0, 1)
    covariance = delta.T @ delta / len(delta)
    along = torch.full((SIZE,), SIZE**-0.5)
    share = along @ covariance @ along / covariance.trace()
    assert share > 0.95
    # Besides a tenth of the diagonal noise in all directions.
    length = policy.message_rms.norm()
    root = length * torch.outer(along, along) + 0.1 * torch.diag(policy.message_rms)
    torch.testing.assert_close(policy.root, root, atol=5e-3, rtol=0.0)
    torch.testing.assert_close(covariance, 9.0 * root @ root, atol=0.0, rtol=0.1)


@pytest.mark.parametrize("shape", ["diagonal", "clean"])
@pytest.mark.parametrize("noise", ["fixed", "annealed", "learnt"])
def test_evaluate_repeats_the_log_probabilities_of_play(shape, noise):
    policy = attack(noise_shape=shape, noise=noise)
    policy.anneal(0.4)
    steps = rollout(policy)
    now = policy.evaluate(policy.inputs(steps))
    told = steps.wire.attack.log_prob[:, :, :1]
    torch.testing.assert_close(now.log_prob, told, rtol=1e-3, atol=1e-3)
    std = policy.std().expand(1, SIZE)
    torch.testing.assert_close(now.entropy[0, 0], std.log().sum(-1))


def test_annealed_noise_falls_to_its_least_and_other_noise_stays():
    policy, fixed = attack(noise="annealed"), attack()
    for progress, share in ((0.0, 1.0), (0.5, 0.2**0.5), (1.0, 0.2)):
        policy.anneal(progress)
        fixed.anneal(progress)
        torch.testing.assert_close(policy.std(), share * fixed.std())
    torch.testing.assert_close(fixed.std(), 3.0 * fixed.message_rms)
    assert trained("annealed").spread.item() < 0.8 * math.log(0.2)


def test_learnt_noise_moves_for_each_dimension_and_cannot_collapse():
    policy = attack(noise="learnt")
    torch.testing.assert_close(policy.std()[0], 3.0 * policy.message_rms)
    with torch.no_grad():
        policy.spread.fill_(-50.0)
    torch.testing.assert_close(policy.std()[0], 0.6 * policy.message_rms)
    found = trained("learnt").spread
    assert found.shape == (1, SIZE)
    assert found.unique().numel() == SIZE
    ppo = replace(BUDGET.ppo, entropy_coef=1.0, final_entropy_coef=1.0)
    wider = trained("learnt", replace(BUDGET, ppo=ppo)).spread
    assert (wider > found).all()


@pytest.mark.parametrize("noise", ["annealed", "learnt"])
def test_a_stored_attack_has_the_noise_that_it_ended_with(noise):
    policy = attack(noise=noise)
    with torch.no_grad():
        policy.spread.fill_(-0.5)
    assert torch.equal(thaw(freeze(policy)).std(), policy.std())


def test_the_first_attacks_are_described_and_read_as_ever():
    """They had neither these fields nor these weights: digests name what is stored."""
    policy = attack({"cap": 1.0}, noise_shape="diagonal")
    frozen = freeze(policy)
    assert set(frozen.facts["config"]) == FIRST
    assert all(name.startswith(("mean.", "message_")) for name in frozen.tensors)
    again = thaw(frozen)
    assert (again.shaped, again.config) == (False, policy.config)
    assert AttackConfig.from_plain({"hidden": 7}).noise_shape == "diagonal"


@pytest.mark.parametrize("config", [AttackConfig(), AttackConfig(noise="learnt")])
def test_a_policy_is_known_by_the_recipe_that_made_it(config):
    frozen = freeze(GaussianAttack.new(setting(), config))
    facts = json.loads(json.dumps(frozen.facts))
    recipe = Recipe(Side.ATTACKER, "gaussian", config, "ppo", BUDGET)
    assert frozen._replace(facts=facts).made_by(recipe)
    other = recipe._replace(config=replace(config, noise="annealed"))
    assert not frozen._replace(facts=facts).made_by(other)
