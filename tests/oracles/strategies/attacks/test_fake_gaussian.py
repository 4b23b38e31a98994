"""The Gaussian over what a copy sees: its density, and what PPO finds with it."""

from typing import Any

import pytest
import torch
from torch import Tensor

from games.engine.matches import play_worlds
from games.engine.play import Step, Stream, collect
from games.engine.side import Side
from games.engine.strategy import NoFilter
from games.engine.threat import Threat
from games.engine.view import gather_agents
from games.engine.worlds import make_worlds
from games.environments.echo.env import Echo
from oracles.learning.config import PPOConfig
from oracles.strategies.attacks.config import FakeGaussianConfig
from oracles.strategies.attacks.fake_gaussian import FakeGaussian
from oracles.strategies.best_response import best_response
from oracles.strategies.config import OracleConfig, Recipe
from oracles.strategies.freezing import freeze, thaw
from oracles.strategies.setting import Setting
from tests.hand_made import CAUGHT, Chatterbox, Chatterers, Parrots

ENV, KNOWING = Echo(), {"knowledge": "white_box"}
SETTING = Setting(ENV, Parrots(2), Threat(malicious=CAUGHT, **KNOWING), CAUGHT)
OBS, BIT, WORLDS = 3, 2, 64
HELD = 1, 2  # two liars of three who chatter
PAIR = Threat(num_malicious=2, malicious=HELD, **KNOWING)
TWO = Setting(Chatterbox(3, 4), Chatterers(2, 5, 6), PAIR, HELD)
ODD = Setting(ENV, Parrots(2), Threat(redraw_malicious=True, **KNOWING), None)
# The listener lies, too, to nobody's harm, and from the first of the two places.
BOTH = Threat(num_malicious=2, malicious=(1, 0), **KNOWING)
PAIRED = Setting(ENV, Parrots(2), BOTH, (1, 0))
EACH = pytest.mark.parametrize("setting", [SETTING, TWO, ODD], ids=["1", "2", "drawn"])


def make(setting: Setting = SETTING, **config: Any) -> FakeGaussian:
    torch.manual_seed(0)
    return FakeGaussian.new(setting, FakeGaussianConfig(**{"hidden": 4, **config}))


def rollout(policy: Any, setting: Setting = SETTING) -> Step:
    """Two episodes and a step."""
    count = setting.threat.num_malicious
    stream = Stream(
        *(setting.env, setting.team, setting.channel(policy, NoFilter())),
        malicious=torch.tensor(setting.malicious or [0] * count).expand(WORLDS, -1),
        world_generator=torch.Generator().manual_seed(0),
        generator=torch.Generator().manual_seed(1),
        redraw_malicious=setting.malicious is None,
    )
    return collect(stream.play(), 2 * setting.env.spec.episode_limit + 1)


def mean_return(attack: Any, setting: Setting = SETTING) -> float:
    """Of 8 at most; 4 is a coin's."""
    worlds = make_worlds(ENV.spec, 99, 0, 200, setting.malicious)
    channel = setting.channel(attack, NoFilter())
    luck = torch.Generator().manual_seed(0)
    return float(play_worlds(ENV, setting.team, channel, worlds, luck).returns.mean())


def mine(steps: Step, values: Tensor) -> Tensor:
    return gather_agents(values, steps.carry.malicious)


@EACH
@pytest.mark.parametrize("noise", ["fixed", "annealed"])
def test_evaluate_repeats_the_log_probabilities_of_play(setting, noise):
    policy = make(setting, noise=noise, noise_scale=0.7)
    policy.anneal(0.4)
    steps = rollout(policy, setting)
    now = policy.evaluate(policy.inputs(steps))
    told = mine(steps, steps.wire.attack.log_prob[..., None]).squeeze(-1)
    torch.testing.assert_close(now.log_prob, told, rtol=1e-4, atol=1e-4)
    assert now.log_prob.shape == (len(steps.done), *steps.carry.malicious.shape[1:])
    std = 0.7 * (1.0 if noise == "fixed" else 0.2**0.4)
    size = setting.env.spec.obs_size
    wanted = size * torch.tensor(std).log()
    torch.testing.assert_close(now.entropy, wanted.expand_as(told))
    assert now.auxiliary == 0.0


@EACH
def test_what_a_rollout_tells_was_drawn_is_what_the_copy_saw(setting):
    policy = make(setting, noise_scale=0.7)
    steps = rollout(policy, setting)
    drawn = policy.inputs(steps).drawn
    seen = steps.carry.memories.attack.split([*policy.sizes, 1, policy.extra], -1)[1]
    obs = mine(steps, steps.timestep.obs)
    # What is remembered of a step is seen in the next one, if that is of the same game.
    same = ~steps.done[:-1]
    told = (obs + drawn)[:-1][same]
    torch.testing.assert_close(told, seen[1:][same], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(drawn[2].std(), torch.tensor(0.7), rtol=0.15, atol=0.0)


@EACH
def test_nothing_is_drawn_in_the_first_step_and_that_has_no_slope(setting):
    policy = make(setting)
    steps = rollout(policy, setting)
    inputs = policy.inputs(steps)
    policy.evaluate(inputs).log_prob[0].sum().backward()
    assert all(leaf.grad.abs().max() < 1e-5 for leaf in policy.mean.parameters())
    policy.evaluate(inputs).log_prob[1].sum().backward()
    assert all(leaf.grad.abs().max() > 1e-3 for leaf in policy.mean.parameters())


def test_each_of_two_liars_has_a_network_of_its_own_and_draws_for_itself():
    policy = make(TWO)
    one, other = policy.inputs(rollout(policy, TWO)).drawn[1:3].unbind(2)
    assert torch.corrcoef(torch.stack([one.ravel(), other.ravel()]))[0, 1].abs() < 0.2
    same = torch.ones(1, 2, policy.mean.weights[0].shape[1])
    with torch.no_grad():
        first, second = policy.mean_of(same)[0]
    assert (first - second).abs().min() > 1e-5


def test_without_noise_and_without_a_mean_it_tells_the_truth():
    policy = make(noise_scale=1e-9)
    with torch.no_grad():
        for leaf in policy.mean.parameters():
            leaf.zero_()
    assert mean_return(policy) == 8.0
    with torch.no_grad():
        policy.mean.biases[-1][0, BIT] = -2.0
    assert mean_return(policy) < 8.0


@pytest.mark.parametrize("setting", [SETTING, PAIRED], ids=["1", "2"])
def test_ppo_finds_a_lie_and_what_is_stored_lies_as_well(setting):
    budget = OracleConfig(
        env_steps=25_000,
        num_envs=128,
        ppo=PPOConfig(learning_rate=1e-2, entropy_coef=0.0),
    )
    config = FakeGaussianConfig(hidden=8, noise_scale=0.5)
    recipe = Recipe(Side.ATTACKER, "fake_gaussian", config, "ppo", budget)
    found = best_response(setting, recipe, NoFilter(), seed=0)
    left = mean_return(found, setting)
    assert left < 1.0
    assert mean_return(thaw(freeze(found)), setting) == left
