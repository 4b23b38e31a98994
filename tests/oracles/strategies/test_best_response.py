"""Best responses on Echo: attack, defend, break again; every bound is known by hand."""

from dataclasses import replace
from typing import Any

import pytest
import torch

from games.engine.play import play_episodes
from games.engine.population import Mixture
from games.engine.side import Side
from games.engine.strategy import NoAttack, NoFilter
from games.engine.threat import Threat
from games.engine.worlds import make_worlds
from games.environments.echo.env import Echo
from oracles.learning.config import PPOConfig
from oracles.strategies.attacks.config import AttackConfig
from oracles.strategies.attacks.gaussian import GaussianAttack
from oracles.strategies.attacks.noise import NoiseAttack
from oracles.strategies.best_response import (
    new_policy,
    train_attack,
    train_filter,
)
from oracles.strategies.config import OracleConfig
from oracles.strategies.filters.config import FilterConfig
from oracles.strategies.freezing import freeze
from oracles.strategies.setting import Setting
from tests.hand_made import CAUGHT, Parrots

SETTING = Setting(Echo(), Parrots(2), Threat(malicious=CAUGHT), CAUGHT)
# Written out, so that the defaults of Predator-Prey may be tuned without harm here.
PPO = PPOConfig(
    learning_rate=3e-3,
    final_learning_rate=0.1,
    gamma=0.97,
    gae_lambda=0.9,
    clip_coef=0.2,
    update_epochs=2,
    num_minibatches=4,
)
BUDGET = OracleConfig(env_steps=30_000, num_envs=64, num_steps=16, ppo=PPO)
SMALL = replace(BUDGET, env_steps=4_000)
ATTACK = AttackConfig(noise_scale=3.0, mean_scale=8.0, alpha=5e-4, hidden=32)
FILTER = FilterConfig(beta1=1.0, beta2=1.0, hidden=32, critic_hidden=32)
ATTACKER = (Side.ATTACKER, "gaussian", ATTACK)
DEFENDER = (Side.DEFENDER, "two_stage", FILTER)


def per_step(attack: Any, filter_: Any) -> float:
    """Mean reward of a paying step, over worlds that no training has seen."""
    return played(attack, filter_).returns.mean().item() / 8


def played(attack: Any, filter_: Any) -> Any:
    worlds = make_worlds(SETTING.env.spec, 99, 0, 300, CAUGHT)
    generator = torch.Generator().manual_seed(1)
    channel = SETTING.channel(attack, filter_)
    return play_episodes(SETTING.env, SETTING.team, channel, worlds, generator)


@pytest.fixture(scope="module")
def attack() -> GaussianAttack:
    return train_attack(SETTING, NoFilter(), ATTACK, BUDGET, seed=0)


@pytest.fixture(scope="module")
def filter_(attack):
    budget = replace(BUDGET, env_steps=50_000)
    return train_filter(SETTING, attack, FILTER, budget, seed=0)


def test_an_attack_learns_to_fool_the_team(attack):
    assert per_step(NoAttack(), NoFilter()) == 1.0
    assert per_step(attack, NoFilter()) <= 0.1


def test_noise_of_the_same_size_does_far_less_harm(attack):
    size = played(attack, NoFilter()).distortion.mean().item()
    noise = NoiseAttack(SETTING.threat, SETTING.team.message_size, size=size)
    noise.calibrate(SETTING.team)
    again = played(noise, NoFilter()).distortion.mean().item()
    assert again == pytest.approx(size, rel=1e-3)
    assert per_step(noise, NoFilter()) >= 0.3


def test_a_filter_learns_to_restore_the_team_and_leaves_a_clean_one_alone(
    attack, filter_
):
    assert per_step(attack, filter_) >= 0.7
    assert per_step(NoAttack(), filter_) >= 0.95


def test_a_fresh_attack_breaks_the_frozen_filter(attack, filter_):
    fresh = train_attack(SETTING, filter_, ATTACK, BUDGET, seed=5)
    assert per_step(fresh, filter_) <= per_step(attack, filter_) - 0.3


def test_an_attack_trains_against_a_mixture_of_filters():
    untrained = new_policy(SETTING, *DEFENDER, torch.Generator().manual_seed(2))
    mixture = Mixture([NoFilter(), untrained], [0.5, 0.5])
    attack = train_attack(SETTING, mixture, ATTACK, BUDGET, seed=0)
    assert per_step(attack, mixture) <= 0.1


def test_stop_return_freezes_the_attacker_at_the_threshold_on_fresh_worlds():
    full, early = [], []
    train_attack(SETTING, NoFilter(), ATTACK, BUDGET, seed=0, log=full.append)
    stop = 4.0  # half of what Echo pays; the noise alone leaves more
    config = replace(ATTACK, stop_return=stop)
    frozen = train_attack(SETTING, NoFilter(), config, BUDGET, seed=0, log=early.append)
    assert len(early) < len(full) == BUDGET.updates + 1
    left = 8 * per_step(frozen, NoFilter())
    assert 1.5 <= left <= stop + 0.5  # two updates between looks, 300 fresh worlds


def test_a_stop_that_is_never_reached_uses_the_whole_budget():
    lines = []
    config = replace(ATTACK, stop_return=-1.0)
    train_attack(SETTING, NoFilter(), config, SMALL, seed=0, log=lines.append)
    tests = 128 * 9  # steps
    assert lines[-1]["env_steps"] > SMALL.env_steps - 64 * 16 - tests
    assert 2 < len(lines) < SMALL.updates + 1


@pytest.mark.parametrize("side", ["attack", "filter"])
def test_the_same_seed_trains_the_same_weights_and_another_does_not(side, attack):
    def digest(seed: int) -> str:
        torch.rand(seed + 1)  # the global generator must not matter
        if side == "attack":
            policy: Any = train_attack(SETTING, NoFilter(), ATTACK, SMALL, seed=seed)
        else:
            policy = train_filter(SETTING, attack, FILTER, SMALL, seed=seed)
        return freeze(policy).digest()

    first = digest(3)
    assert digest(3) == first
    assert digest(4) != first


def test_training_leaves_the_global_generator_and_the_opponent_alone(attack):
    before, digest = torch.get_rng_state(), freeze(attack).digest()
    train_filter(SETTING, attack, FILTER, SMALL, seed=0)
    assert torch.equal(torch.get_rng_state(), before)
    assert freeze(attack).digest() == digest


def test_what_is_trained_is_frozen(attack, filter_):
    for policy in (attack, filter_):
        assert not policy.training
        assert not any(p.requires_grad for p in policy.parameters())


@pytest.mark.parametrize("which", [ATTACKER, DEFENDER])
def test_untrained_policies_are_drawn_from_the_generator_alone(which):
    one, same, other = (
        freeze(
            new_policy(SETTING, *which, torch.Generator().manual_seed(seed))
        ).digest()
        for seed in (0, 0, 1)
    )
    assert one == same != other


@pytest.mark.parametrize("fraction", [0.0, 0.5])
def test_part_of_a_filters_episodes_is_benign(fraction, attack):
    lines = []
    config = replace(FILTER, benign_fraction=fraction, beta1=0.0, beta2=0.0)
    still = replace(SMALL, ppo=replace(PPO, learning_rate=1e-9))
    train_filter(SETTING, attack, config, still, seed=0, log=lines.append)
    lines = lines[1:]  # the first is from before any update
    # An untrained filter flags half of all messages; of those, 1 in 2 senders times
    # the attacked episodes are forged.
    precision = sum(line["filter/precision"] for line in lines) / len(lines)
    assert precision == pytest.approx((1.0 - fraction) / 2, abs=0.06)
